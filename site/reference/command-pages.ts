import type { Argument, Command, Option } from 'commander';
import {
  exampleLines,
  leavesOf,
  ownOptions,
  sentence,
  sharedOptions,
  visibleCommands,
} from '../../cli/help/command-facts.js';
import { described } from '../../cli/help/format-help.js';
import { pathOf } from '../../cli/output/describe-command-line.js';
import type { Page } from '../pages/page.js';
import { code, escapeText, fenced, table } from './markdown.js';

/** A page for each command of a program, with the commands below it. */
export function commandPages(root: Command): Page[] {
  return visibleCommands(root).map((command) => ({
    file: `reference/commands/${command.name()}.md`,
    text: commandPage(command),
  }));
}

/** The commands by what people do with them, each with a link to its page. */
export function commandList(root: Command): string {
  const commands = visibleCommands(root);
  const headings = [...new Set(commands.map((command) => command.helpGroup()))];
  const sections = headings.map((heading) =>
    [
      `## ${heading.replace(/:$/, '')}`,
      '',
      table(
        ['command', 'what it does'],
        commands
          .filter((command) => command.helpGroup() === heading)
          .map((command) => [
            `[${code(pathOf(command))}](commands/${command.name()}.md)`,
            escapeText(sentence(command.description())),
          ]),
      ),
    ].join('\n'),
  );
  return sections.join('\n\n');
}

function commandPage(command: Command): string {
  const below = leavesOf(command);
  const name = pathOf(command);
  const shared = sharedOptions([command, ...below]).map(([heading, options]) =>
    section(`## ${heading}`, optionTable(options)),
  );
  const parts = [
    `# ${name}`,
    escapeText(sentence(command.description())),
    ...(below.length === 0
      ? [synopsis(command)]
      : [fenced('text', [command, ...below].map(usage).join('\n'))]),
    ...own(command, '##'),
    ...below.flatMap((one) => [
      `## ${pathOf(one)}`,
      escapeText(sentence(one.description())),
      synopsis(one),
      ...own(one, '###'),
    ]),
    ...shared,
    '## Exit codes',
    `What ${code(name)} ends with is in the [list of exit codes](../exit-codes.md).`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What a command takes of its own, and its examples. */
function own(command: Command, level: string): string[] {
  const args = command.registeredArguments;
  const options = ownOptions(command);
  const examples = exampleLines(command);
  // Two commands of a page have sections of the same name: only the anchors of the first are of use.
  return [
    ...(args.length === 0 ? [] : [section(`${level} Arguments`, argumentTable(args))]),
    ...(options.length === 0 ? [] : [section(`${level} Options`, optionTable(options))]),
    ...(examples.length === 0 ? [] : [section(`${level} Example`, fenced('console', examples.join('\n')))]),
  ];
}

function section(heading: string, text: string): string {
  return `${heading}\n\n${text}`;
}

function synopsis(command: Command): string {
  return fenced('text', usage(command));
}

function usage(command: Command): string {
  return `${pathOf(command)} ${command.usage()}`.trimEnd();
}

function argumentTable(args: readonly Argument[]): string {
  return table(
    ['argument', 'what it is'],
    args.map((argument) => [code(argument.name()), escapeText(sentence(described(argument)))]),
  );
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['option', 'what it does'],
    options.map((option) => [code(option.flags), escapeText(sentence(described(option)))]),
  );
}

import type { Argument, Command, Option } from 'commander';
import { pathOf } from '../output/describe-command-line.js';
import {
  EXIT_MEANINGS,
  exampleLines,
  leavesOf,
  ownOptions,
  sentence,
  sharedOptions,
  visibleCommands,
  visibleOptions,
} from './command-facts.js';
import { described } from './format-help.js';

/** One page of the manual, in the language of man(7). */
export interface ManPage {
  /** `hawser-deploy.1` */
  readonly file: string;
  readonly text: string;
}

/** The pages of a program: one for itself, and one for each of its commands with the commands below that. */
export function manPages(root: Command, version: string): ManPage[] {
  const commands = visibleCommands(root);
  return [rootPage(root, commands, version), ...commands.map((command) => commandPage(command, version))];
}

function rootPage(root: Command, commands: readonly Command[], version: string): ManPage {
  const listed = commands.map((command) => [
    '.TP',
    `.BR ${root.name()}\\-${roff(command.name())} (1)`,
    roff(sentence(command.description())),
  ]);
  const lines = [
    ...head(root.name(), version, root.description()),
    '.SH SYNOPSIS',
    synopsis(root),
    '.SH DESCRIPTION',
    roff(sentence(root.description())),
    '.SH COMMANDS',
    ...listed.flat(),
    '.SH OPTIONS',
    ...optionLines(visibleOptions(root)),
    ...examples(root),
    ...EXIT_STATUS,
    ...FILES,
  ];
  return page(root.name(), lines);
}

function commandPage(command: Command, version: string): ManPage {
  const name = `${command.parent?.name()}-${command.name()}`;
  const below = leavesOf(command);
  const lines = [
    ...head(name, version, command.description()),
    '.SH SYNOPSIS',
    ...[command, ...below].map(synopsis).join('\n.br\n').split('\n'),
    '.SH DESCRIPTION',
    roff(sentence(command.description())),
    ...ownSections(command, '.SH'),
    ...examples(command),
    ...below.flatMap((one) => [
      `.SH ${quoted(pathOf(one).toUpperCase())}`,
      roff(sentence(one.description())),
      ...ownSections(one, '.SS'),
      ...examples(one),
    ]),
    ...sharedSections([command, ...below]),
    '.SH SEE ALSO',
    `.BR ${command.parent?.name()} (1)`,
  ];
  return page(name, lines);
}

/** What a command takes of its own. */
function ownSections(command: Command, macro: '.SH' | '.SS'): string[] {
  const args = command.registeredArguments;
  const options = ownOptions(command);
  return [
    ...(args.length === 0 ? [] : [`${macro} ARGUMENTS`, ...args.flatMap(argumentLines)]),
    ...(options.length === 0 ? [] : [`${macro} OPTIONS`, ...optionLines(options)]),
  ];
}

/** The options that commands share, once for all of them. */
function sharedSections(commands: readonly Command[]): string[] {
  return sharedOptions(commands).flatMap(([heading, options]) => [
    `.SH ${quoted(heading.toUpperCase())}`,
    ...optionLines(options),
  ]);
}

function argumentLines(argument: Argument): string[] {
  return ['.TP', `.I ${roff(argument.name())}`, roff(sentence(described(argument)))];
}

function optionLines(options: readonly Option[]): string[] {
  return options.flatMap((option) => [
    '.TP',
    `.B ${quoted(option.flags)}`,
    roff(sentence(described(option))),
  ]);
}

function examples(command: Command): string[] {
  const lines = exampleLines(command);
  return lines.length === 0 ? [] : ['.SS EXAMPLE', '.nf', ...lines.map(roff), '.fi'];
}

function head(name: string, version: string, description: string): string[] {
  return [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`hawser ${version}`)} "hawser"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(description.replace(/\.$/, ''))}`,
  ];
}

function synopsis(command: Command): string {
  return [`.B ${quoted(pathOf(command))}`, roff(command.usage())].filter((line) => line !== '').join('\n');
}

function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`;
}

/** Text that troff prints as it is. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/gm, '\\&');
}

function page(name: string, lines: readonly string[]): ManPage {
  return { file: `${name}.1`, text: `${lines.join('\n')}\n` };
}

const EXIT_STATUS: readonly string[] = [
  '.SH EXIT STATUS',
  ...EXIT_MEANINGS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, meaning]),
];

const FILES: readonly string[] = [
  '.SH FILES',
  ...[
    ['~/.config/hawser/fleets/NAME.yaml', 'A fleet that you know.'],
    ['~/.config/hawser/hawser.yaml', 'Your own connection settings.'],
    ['hawser.yaml', 'An app, in its directory.'],
    ['~/.local/state/hawser', 'Logs, and what is remembered from one call to the next.'],
  ].flatMap(([file = '', meaning = '']) => ['.TP', `.I ${roff(file)}`, meaning]),
];

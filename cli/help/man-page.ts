import type { Argument, Command, Option } from 'commander';
import { described, SHARED_HEADINGS } from './format-help.js';

/** One page of the manual, in the language of man(7). */
export interface ManPage {
  /** `hawser-deploy.1` */
  readonly file: string;
  readonly text: string;
}

/** The pages of a program: one for itself, and one for each of its commands with the commands below that. */
export function manPages(root: Command, version: string): ManPage[] {
  const commands = visibleCommands(root).filter((command) => command.name() !== 'help');
  return [rootPage(root, commands, version), ...commands.map((command) => commandPage(command, version))];
}

function rootPage(root: Command, commands: readonly Command[], version: string): ManPage {
  const listed = commands.map((command) => [
    '.TP',
    `.BR ${root.name()}\\-${roff(command.name())} (1)`,
    sentence(command.description()),
  ]);
  const lines = [
    ...head(root.name(), version, root.description()),
    '.SH SYNOPSIS',
    synopsis(root),
    '.SH DESCRIPTION',
    sentence(root.description()),
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
    sentence(command.description()),
    ...ownSections(command, '.SH'),
    ...examples(command),
    ...below.flatMap((one) => [
      `.SH ${quoted(pathOf(one).toUpperCase())}`,
      sentence(one.description()),
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
  const options = visibleOptions(command).filter((option) => sharedHeading(option) === undefined);
  return [
    ...(args.length === 0 ? [] : [`${macro} ARGUMENTS`, ...args.flatMap(argumentLines)]),
    ...(options.length === 0 ? [] : [`${macro} OPTIONS`, ...optionLines(options)]),
  ];
}

/** The options that commands share, once for all of them. */
function sharedSections(commands: readonly Command[]): string[] {
  return SHARED_HEADINGS.flatMap((heading) => {
    const options = new Map(
      commands
        .flatMap(visibleOptions)
        .filter((option) => sharedHeading(option) === heading)
        .map((option) => [option.flags, option]),
    );
    if (options.size === 0) return [];
    return [`.SH ${quoted(heading.replace(/:$/, '').toUpperCase())}`, ...optionLines([...options.values()])];
  });
}

function sharedHeading({ helpGroupHeading }: Option): string | undefined {
  return SHARED_HEADINGS.find((heading) => heading === helpGroupHeading);
}

function argumentLines(argument: Argument): string[] {
  return ['.TP', `.I ${roff(argument.name())}`, sentence(described(argument))];
}

function optionLines(options: readonly Option[]): string[] {
  return options.flatMap((option) => ['.TP', `.B ${quoted(option.flags)}`, sentence(described(option))]);
}

/** The examples that follow the help. */
function examples(command: Command): string[] {
  let help = '';
  const { writeOut } = command.configureOutput();
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  command.configureOutput(writeOut === undefined ? {} : { writeOut });
  const [, text = ''] = help.split(/^Examples?:\n/m);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => roff(line.replace(/^ {2}/, '')));
  return text === '' ? [] : ['.SS EXAMPLE', '.nf', ...lines, '.fi'];
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

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function leavesOf(command: Command): Command[] {
  return visibleCommands(command)
    .filter((child) => child.name() !== 'help')
    .flatMap((child) => [child, ...leavesOf(child)]);
}

function visibleCommands(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function visibleOptions(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

/** Words that begin with a small letter everywhere. */
const NAMES = /^(etcd|sshd?|\S+[_.]\S+)\b/;

/** A description begins with a small letter, and has no full stop. */
function sentence(text: string): string {
  const whole = NAMES.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return roff(/[.)]$/.test(whole) ? whole : `${whole}.`);
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

const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'Done.'],
  [1, 'It failed.'],
  [2, 'Wrong usage, or an invalid file.'],
  [3, 'Could not connect or authenticate.'],
  [4, 'Refused for safety.'],
  [5, 'A deploy did not become healthy.'],
  [130, 'Interrupted.'],
];

const EXIT_STATUS: readonly string[] = [
  '.SH EXIT STATUS',
  ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, meaning]),
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

import type { Command, Option } from 'commander';
import { SHARED_HEADINGS } from './format-help.js';

// What a manual says of commands, whatever the language it is written in.

/** What each exit code means. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'Done.'],
  [1, 'It failed.'],
  [2, 'Wrong usage, or an invalid file.'],
  [3, 'Could not connect or authenticate.'],
  [4, 'Refused for safety.'],
  [5, 'A deploy did not become healthy.'],
  [130, 'Interrupted.'],
];

/** The commands below one that people use, each before those below it. */
export function leavesOf(command: Command): Command[] {
  return visibleCommands(command).flatMap((child) => [child, ...leavesOf(child)]);
}

/** The commands right below one that people use. */
export function visibleCommands(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

export function visibleOptions(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

/** The options that a command does not share with others. */
export function ownOptions(command: Command): Option[] {
  return visibleOptions(command).filter((option) => sharedHeading(option) === undefined);
}

/** The options that commands share, each once, by their headings. */
export function sharedOptions(commands: readonly Command[]): [heading: string, options: Option[]][] {
  return SHARED_HEADINGS.map((heading): [string, Option[]] => {
    const shared = commands
      .flatMap(visibleOptions)
      .filter((option) => sharedHeading(option) === heading)
      .map((option) => [option.flags, option] as const);
    return [heading.replace(/:$/, ''), [...new Map(shared).values()]];
  }).filter(([, options]) => options.length > 0);
}

function sharedHeading({ helpGroupHeading }: Option): string | undefined {
  return SHARED_HEADINGS.find((heading) => heading === helpGroupHeading);
}

/** The examples that follow a command's help, a line each; none if it has no example. */
export function exampleLines(command: Command): string[] {
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
  if (text === '') return [];
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ {2}/, ''));
}

/** Words that begin with a small letter everywhere. */
const NAMES = /^(etcd|sshd?|\S+[_.]\S+)\b/;

/** A description, which begins with a small letter and has no full stop, as a sentence. */
export function sentence(text: string): string {
  const whole = NAMES.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.)]$/.test(whole) ? whole : `${whole}.`;
}

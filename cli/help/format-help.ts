import type { Argument, Command, HelpConfiguration, Option } from 'commander';

/** Headings of the options that many commands share, in the order in which they follow a command's own. */
export const CONNECTION_OPTIONS = 'Connection options:';
export const GENERAL_OPTIONS = 'General options:';
export const SHARED_HEADINGS: readonly string[] = [CONNECTION_OPTIONS, GENERAL_OPTIONS];

/** How commander lays out the help of every command. */
export const HELP_FORMAT: HelpConfiguration = {
  optionDescription: described,
  argumentDescription: described,
  groupItems,
  // "hawser res" leaves 39 columns of 80 for descriptions: wrap those too.
  minWidthToWrap: 30,
};

/** One form for all: `what it is (choices: …; default: …)`. A flag that is off by default needs no note. */
export function described({
  description,
  defaultValue,
  defaultValueDescription,
  argChoices,
}: Option | Argument): string {
  const choices = argChoices === undefined ? [] : [`choices: ${argChoices.join(', ')}`];
  const value = defaultValueDescription ?? defaultValue;
  const shown =
    value === undefined || typeof value === 'boolean' || value === '' ? [] : [`default: ${value}`];
  const notes = [...choices, ...shown];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

/** A command's own options come first. */
function groupItems<T extends Command | Option>(
  all: T[],
  shown: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const headings = [...new Set([...all, ...shown].map(groupOf))];
  headings.sort((a, b) => SHARED_HEADINGS.indexOf(a) - SHARED_HEADINGS.indexOf(b));
  return new Map(headings.map((heading) => [heading, shown.filter((item) => groupOf(item) === heading)]));
}

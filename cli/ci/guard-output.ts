import { visibleJson } from '../output/escape-controls.js';
import { type Lines, show } from '../output/escaped-lines.js';
import { ciSystem } from './ci-system.js';
import { jsonWithoutCommands, withoutCommands } from './workflow-commands.js';

/** In whose job we are, which is the same all the time. */
export const ourCiSystem = ciSystem(process.env);

/** In GitHub Actions, lines of a log can be commands: nobody else's text becomes one. */
const isRunnerReading = ourCiSystem === 'github';

/** Escaped text as it may be written here. */
export function guarded(text: string): string {
  return isRunnerReading ? withoutCommands(text) : text;
}

/** What is written for a text. */
export function shown(text: string | Lines): string {
  return guarded(show(text));
}

/** What is written for a value as JSON. */
export function shownJson(value: unknown): string {
  const json = visibleJson(value);
  return isRunnerReading ? jsonWithoutCommands(json) : json;
}

import { visible } from '../output/escape-controls.js';

// What a runner of GitHub Actions does with a line of a step's log (actions/runner, ActionCommand.cs): one that begins, after white
// space, with "::command" is a command; so is one with "##[command]" anywhere in it, from the time before. Both streams are read.

/** A remark on the page of a run. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  /** Lines are kept. */
  readonly message: string;
}

/** The line that makes an annotation. */
export function annotationLine({ level, title, message }: Annotation): string {
  const text = message.split('\n').map((line) => visible(line.replace(/\r$/, '')));
  return `::${level} title=${propertyOf(visible(title))}::${dataOf(text.join('\n'))}`;
}

/** The line that begins a group of lines which can be folded. */
export function groupLine(title: string): string {
  return `::group::${dataOf(visible(title))}`;
}

export const END_OF_GROUP = '::endgroup::';

/** Text of one or more lines in which a runner finds no command. */
export function withoutCommands(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1\\x3a').replaceAll('##[', '#\\x23[');
}

/** The same for JSON, or a piece of a string in it, which reads back as the same value: no line of it begins with a colon. */
export function jsonWithoutCommands(json: string): string {
  return json.replaceAll('#', '\\u0023');
}

function dataOf(text: string): string {
  return text
    .replaceAll('##[', '#\\x23[')
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');
}

function propertyOf(text: string): string {
  return dataOf(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

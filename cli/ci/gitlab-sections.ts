import { visible } from '../output/escape-controls.js';

// A section of GitLab's job log is all between two markers; each ends with a carriage return and the sequence that clears a line.
// No text of a host can make one, because its control characters are escaped wherever it is printed.

const CLEAR = '\u001b[0K';

/** A section: letters, digits, `_`, `.` and `-` name it. */
export interface Section {
  readonly name: string;
  readonly title: string;
}

/** The line that begins a section which can be folded. */
export function sectionStart({ name, title }: Section, now: number): string {
  return `${CLEAR}section_start:${seconds(now)}:${nameOf(name)}\r${CLEAR}${visible(title)}`;
}

export function sectionEnd({ name }: Section, now: number): string {
  return `${CLEAR}section_end:${seconds(now)}:${nameOf(name)}\r${CLEAR}`;
}

function nameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '_');
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

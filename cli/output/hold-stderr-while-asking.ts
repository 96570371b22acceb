import { hideStatus, writeRemark } from './write-output.js';

let held: string[] | undefined;

/** Writes an escaped line to stderr; while a question is on the screen the line waits, so that it does not end up inside it. */
export function writeLine(line: string): void {
  if (held === undefined) writeRemark(line);
  else held.push(line);
}

/** Runs one question; the lines that came meanwhile follow it. */
export async function whileAsking<T>(ask: () => Promise<T>): Promise<T> {
  held ??= [];
  hideStatus(true);
  try {
    return await ask();
  } finally {
    const lines = held ?? [];
    held = undefined;
    hideStatus(false);
    for (const line of lines) writeLine(line);
  }
}

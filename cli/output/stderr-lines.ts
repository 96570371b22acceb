import { writeRemark } from './write.js';

let held: string[] | undefined;

/** Writes a line for the person to stderr, made visible; while a question is on the screen it is held, so as not to end up in it. */
export function writeLine(line: string): void {
  if (held === undefined) writeRemark(line);
  else held.push(line);
}

/** Runs one question; the lines that came meanwhile follow it. */
export async function whileAsking<T>(ask: () => Promise<T>): Promise<T> {
  held ??= [];
  try {
    return await ask();
  } finally {
    const lines = held ?? [];
    held = undefined;
    for (const line of lines) writeLine(line);
  }
}

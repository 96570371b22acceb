import { visible } from './escape-controls.js';

/**
 * Text whose line breaks are ours. Only {@link lines} makes it (`table` uses that), and escapes everything in it: a plain
 * string is always printed as one line, whatever it contains.
 */
export class Lines {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Each part on a line of its own; parts that are lines already stay what they are. */
  static of(parts: readonly (string | Lines)[]): Lines {
    return new Lines(parts.map(show).join('\n'));
  }

  toString(): string {
    return this.#text;
  }
}

/** Each part on a line of its own. */
export function lines(parts: readonly (string | Lines)[]): Lines {
  return Lines.of(parts);
}

/** What is written for a text: a string is one line. */
export function show(text: string | Lines): string {
  return typeof text === 'string' ? visible(text) : text.toString();
}

/** A longer line is shown in pieces. */
const MOST_CHARACTERS = 4_000;

/** Cuts a stream of bytes into lines as text, in bounded memory. What is no UTF-8 becomes U+FFFD; a lone CR ends a line, too. */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #rest = '';

  /** The lines that are complete now. */
  push(bytes: Buffer): string[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What is left without an end of line. */
  end(): string[] {
    const lines = this.#split(this.#decoder.decode());
    const last = this.#rest.replace(/\r$/, '');
    this.#rest = '';
    return last === '' ? lines : [...lines, last];
  }

  #split(text: string): string[] {
    const parts = (this.#rest + text).split(/\r?\n|\r(?=.)/s);
    const last = parts.pop() ?? '';
    const pieces = parts.flatMap(inPieces);
    // A CR at the end may be half of a line break.
    if (last.length <= MOST_CHARACTERS) this.#rest = last;
    else {
      const cut = last.length - (last.length % MOST_CHARACTERS || MOST_CHARACTERS);
      pieces.push(...inPieces(last.slice(0, cut)));
      this.#rest = last.slice(cut);
    }
    return pieces;
  }
}

function inPieces(line: string): string[] {
  if (line.length <= MOST_CHARACTERS) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += MOST_CHARACTERS) pieces.push(line.slice(at, at + MOST_CHARACTERS));
  return pieces;
}

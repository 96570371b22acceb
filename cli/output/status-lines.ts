/** More would not fit on every terminal beside what is written above them. */
const MOST_LINES = 8;

/** Lines that stay below everything else that a terminal is sent, each replaced where it is. What it returns is to be written. */
export class StatusLines {
  readonly #texts = new Map<string, string>();
  /** How many lines are on the screen, with the cursor behind the last of them. */
  #drawn = 0;
  #isHidden = false;

  /** Gives a line its text, or takes it away. @param text safe for a terminal, without line breaks */
  set(name: string, text: string | undefined, columns: number): string {
    if (text === this.#texts.get(name)) return '';
    if (text === undefined) this.#texts.delete(name);
    else this.#texts.set(name, text);
    return this.#erase() + this.#draw(columns);
  }

  /** Writes above the lines. @param text with a line break at its end */
  above(text: string, columns: number): string {
    return this.#erase() + text + this.#draw(columns);
  }

  /** Takes all lines off the screen, until they are to be there again. */
  hide(isHidden: boolean, columns: number): string {
    this.#isHidden = isHidden;
    return this.#erase() + this.#draw(columns);
  }

  #erase(): string {
    if (this.#drawn === 0) return '';
    const up = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : '';
    this.#drawn = 0;
    return `\r${up}\u001b[J`;
  }

  #draw(columns: number): string {
    if (this.#isHidden) return '';
    const all = [...this.#texts.values()];
    const more = all.length - MOST_LINES;
    const shown = more > 0 ? [...all.slice(0, MOST_LINES - 1), `and ${more + 1} more`] : all;
    this.#drawn = shown.length;
    // A line that wraps would be two.
    return shown.map((text) => text.slice(0, Math.max(columns - 1, 1))).join('\n');
  }
}

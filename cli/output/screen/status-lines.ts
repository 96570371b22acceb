import { DrawnLines } from './drawn-lines.js';
import type { ScreenLine, ScreenSize } from './screen-line.js';

/** More would not fit on every terminal beside what is written above them. */
const MOST_LINES = 8;

const ENTER_FULL_SCREEN = '\u001b[?1049h\u001b[H';
const LEAVE_FULL_SCREEN = '\u001b[?1049l';

/**
 * What stays below everything else that a terminal is sent, each changed where it is: single lines of progress, and below them a
 * view of several lines. What it returns is to be written.
 */
export class StatusLines {
  readonly #drawn: DrawnLines;
  readonly #texts = new Map<string, string>();
  #view: readonly ScreenLine[] = [];
  #isHidden = false;
  /** What was to be written while the view had the whole screen. */
  #held: string | undefined;

  constructor(options: { readonly isColoured: boolean }) {
    this.#drawn = new DrawnLines(options);
  }

  /** Gives a line of progress its text, or takes it away. */
  set(name: string, text: string | undefined, size: ScreenSize): string {
    if (text === this.#texts.get(name)) return '';
    if (text === undefined) this.#texts.delete(name);
    else this.#texts.set(name, text);
    return this.#draw(size);
  }

  /** Shows these lines below all else. */
  show(view: readonly ScreenLine[], size: ScreenSize): string {
    this.#view = view;
    return this.#draw(size);
  }

  /** Writes above the lines. @param text with a line break at its end */
  above(text: string, size: ScreenSize): string {
    if (this.#held !== undefined) {
      this.#held += text;
      return '';
    }
    return this.#drawn.erase(size) + text + this.#draw(size);
  }

  /** Takes all lines off the screen, until they are to be there again. */
  hide(isHidden: boolean, size: ScreenSize): string {
    this.#isHidden = isHidden;
    return this.#draw(size);
  }

  /** Leaves the view on the screen as it is, and what follows is written below. */
  leaveView(): void {
    this.#view = [];
    this.#drawn.leave();
  }

  /** Gives the view a screen of its own, and what was there before comes back at the end. */
  enterFullScreen(size: ScreenSize): string {
    const erased = this.#drawn.erase(size);
    this.#held = '';
    return erased + ENTER_FULL_SCREEN;
  }

  leaveFullScreen(size: ScreenSize): string {
    const held = this.#held ?? '';
    this.#held = undefined;
    this.#view = [];
    return this.#drawn.erase(size) + LEAVE_FULL_SCREEN + held + this.#draw(size);
  }

  #draw(size: ScreenSize): string {
    if (this.#isHidden) return this.#drawn.draw([], size);
    const all = this.#held === undefined ? [...this.#texts.values()] : [];
    const more = all.length - MOST_LINES;
    const shown = more > 0 ? [...all.slice(0, MOST_LINES - 1), `and ${more + 1} more`] : all;
    return this.#drawn.draw([...shown.map((text) => [{ text }]), ...this.#view], size);
  }
}

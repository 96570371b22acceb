import { beginView, endView, isStatusSeen, onResize, screenSize, writeView } from '../write-output.js';
import { QuietKeyboard } from './quiet-keyboard.js';
import type { ScreenLine, ScreenSize } from './screen-line.js';

/** What is drawn, and how. */
export interface LiveViewOptions {
  /** The lines as they should be now. What does not fit is cut off. */
  readonly draw: (size: ScreenSize) => readonly ScreenLine[];
  /** Whether it has the screen to itself; what is written meanwhile is shown afterwards. Default below all else. */
  readonly isFullScreen?: boolean | undefined;
  /** Called with each key that is pressed, such as `q`, or a whole escape sequence. */
  readonly onKey?: ((key: string) => void) | undefined;
}

/** Lines on the terminal that are kept up to date. */
export interface LiveView {
  /** Draws soon: what changes faster than a person reads is drawn once. */
  changed(): void;
  /** Takes it off the screen, unless it `isLeft` there, and leaves the terminal as it was. Idempotent. */
  close(options?: { readonly isLeft?: boolean }): void;
}

const LEAST_INTERVAL_MS = 100;

/** For what shows the time. */
const CLOCK_INTERVAL_MS = 1_000;

/**
 * Draws lines on the terminal until it is closed, or the process ends. Undefined where nothing can be drawn: without a terminal, on a
 * dumb one, and in the background.
 */
export function openLiveView(options: LiveViewOptions): LiveView | undefined {
  return isStatusSeen() ? new TerminalView(options) : undefined;
}

class TerminalView implements LiveView {
  readonly #options: LiveViewOptions;
  readonly #isFullScreen: boolean;
  readonly #keyboard: Disposable;
  readonly #resizes: Disposable;
  readonly #clock: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  #isOpen = true;
  #isSuspended = false;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#isFullScreen = options.isFullScreen ?? false;
    beginView({ isFullScreen: this.#isFullScreen });
    process.on('exit', this.#exited);
    this.#keyboard = new QuietKeyboard({
      onKey: options.onKey,
      onSuspend: () => this.#suspend(),
      onContinue: () => this.#resume(),
    });
    this.#resizes = onResize(() => this.#draw());
    this.#clock = setInterval(() => this.#draw(), CLOCK_INTERVAL_MS).unref();
    this.#draw();
  }

  changed(): void {
    if (!this.#isOpen) return;
    this.#soon ??= setTimeout(() => this.#draw(), LEAST_INTERVAL_MS).unref();
  }

  close({ isLeft = false }: { readonly isLeft?: boolean } = {}): void {
    if (!this.#isOpen) return;
    this.#draw();
    this.#isOpen = false;
    clearTimeout(this.#soon);
    clearInterval(this.#clock);
    this.#resizes[Symbol.dispose]();
    this.#keyboard[Symbol.dispose]();
    process.off('exit', this.#exited);
    if (!this.#isSuspended) endView({ isFullScreen: this.#isFullScreen, isLeft });
  }

  readonly #exited = (): void => this.close({ isLeft: true });

  #suspend(): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    endView({ isFullScreen: this.#isFullScreen, isLeft: false });
  }

  #resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    beginView({ isFullScreen: this.#isFullScreen });
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#isOpen && !this.#isSuspended) writeView(this.#options.draw(screenSize()));
  }
}

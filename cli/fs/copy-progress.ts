import { formatBytes } from '../output/format-quantities.js';
import type { OutputOptions } from '../output/print.js';
import { isRemarkSeen, redraw } from '../output/write-output.js';

/** Shows the progress of a copy, on a terminal only; {@link CopyProgress.end} clears it. */
export class CopyProgress {
  readonly #isShown: boolean;
  #width = 0;

  constructor(options: OutputOptions) {
    this.#isShown = isRemarkSeen() && !options.json;
  }

  readonly show = ({ bytes, of }: { readonly bytes: number; readonly of: number }): void => {
    if (!this.#isShown) return;
    const text = `${formatBytes(bytes)} of ${formatBytes(of)}`;
    this.#width = Math.max(this.#width, text.length);
    redraw(text.padEnd(this.#width));
  };

  end(): void {
    if (!this.#isShown || this.#width === 0) return;
    redraw(' '.repeat(this.#width));
    redraw('');
  }
}

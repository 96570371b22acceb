import { formatBytes } from '../output/format-quantities.js';
import type { OutputOptions } from '../output/print.js';
import { isStatusSeen, writeStatus } from '../output/write-output.js';

/** Shows the progress of a copy, on a terminal only; {@link CopyProgress.end} clears it. */
export class CopyProgress {
  readonly #isShown: boolean;

  constructor(options: OutputOptions) {
    this.#isShown = isStatusSeen() && !options.json;
  }

  readonly show = ({ bytes, of }: { readonly bytes: number; readonly of: number }): void => {
    if (this.#isShown) writeStatus('copy', `${formatBytes(bytes)} of ${formatBytes(of)}`);
  };

  end(): void {
    if (this.#isShown) writeStatus('copy', undefined);
  }
}

import { formatBytes } from '../output/format-quantities.js';
import { isStatusSeen, writeStatus } from '../output/write-output.js';

/** How often a line is drawn anew at most. */
const REDRAW_MS = 100;

/** What has been copied to or from one host, shown on a terminal until it is disposed of. */
export class TransferProgress implements Disposable {
  bytes = 0;
  readonly #hostname: string;
  readonly #isShown: boolean;
  readonly #startedAtMs = performance.now();
  #drawnAtMs = 0;
  #ofBytes = 0;

  constructor(hostname: string, isQuiet: boolean) {
    this.#hostname = hostname;
    this.#isShown = isStatusSeen() && !isQuiet;
  }

  /** That many bytes are to be copied in all. */
  begin(ofBytes: number): void {
    this.#ofBytes = ofBytes;
    this.bytes = 0;
  }

  readonly add = (bytes: number): void => {
    this.bytes += bytes;
    const now = performance.now();
    if (!this.#isShown || now - this.#drawnAtMs < REDRAW_MS) return;
    this.#drawnAtMs = now;
    const rate = this.bytes / Math.max(0.001, (now - this.#startedAtMs) / 1000);
    const amount = `${formatBytes(this.bytes)} of ${formatBytes(this.#ofBytes)}`;
    writeStatus(this.#hostname, `${this.#hostname}: ${amount}, ${formatBytes(Math.round(rate))}/s`);
  };

  [Symbol.dispose](): void {
    if (this.#isShown) writeStatus(this.#hostname, undefined);
  }
}

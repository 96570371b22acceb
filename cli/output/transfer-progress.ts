import { formatBytes } from './format-quantities.js';

/** How far a transfer is, in bytes. */
export interface Transferred {
  readonly bytes: number;
  readonly of: number;
}

/** The rate is that of the last seconds, so that it follows a link that changes, and a stall shows. */
const WINDOW_MS = 5_000;
/** Before that it says nothing. */
const KNOWN_AFTER_MS = 500;
const BAR_WIDTH = 20;

/** Keeps how a transfer goes, and says it in one line: a bar, how much, the rate and the time left. Times are given to it. */
export class TransferProgress {
  readonly #label: string;
  #seen: { readonly atMs: number; readonly bytes: number }[] = [];
  #of = 0;

  /** @param label what it is, such as `Uploading` */
  constructor(label: string) {
    this.#label = label;
  }

  /** @param nowMs of a clock that never goes back. The first says what needs no transfer: it does not count for the rate. */
  note({ bytes, of }: Transferred, nowMs: number): void {
    this.#of = of;
    this.#seen.push({ atMs: nowMs, bytes });
  }

  /** Undefined before anything was noted. */
  line(nowMs: number): string | undefined {
    const { bytes } = this.#seen.at(-1) ?? {};
    if (bytes === undefined) return undefined;
    const share = this.#of === 0 ? 1 : Math.min(1, bytes / this.#of);
    const filled = Math.floor(share * BAR_WIDTH);
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    const amount = `${formatBytes(bytes)} of ${formatBytes(this.#of)}`;
    return [`${this.#label} ${bar}${percent}  ${amount}`, ...this.#pace(bytes, nowMs)].join(', ');
  }

  #pace(bytes: number, nowMs: number): string[] {
    // The newest of those that are too old is where the window begins.
    while ((this.#seen[1]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#seen.shift();
    const [first] = this.#seen;
    const tookMs = nowMs - (first?.atMs ?? nowMs);
    if (first === undefined || tookMs < KNOWN_AFTER_MS || bytes >= this.#of) return [];
    const bytesPerSecond = ((bytes - first.bytes) * 1_000) / tookMs;
    if (bytesPerSecond < 1) return tookMs < WINDOW_MS ? [] : ['stalled'];
    return [
      `${formatBytes(bytesPerSecond)}/s`,
      `${formatTimeLeft((this.#of - bytes) / bytesPerSecond)} left`,
    ];
  }
}

/** "9 s", "2 min 5 s", "1 h 20 min" */
export function formatTimeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

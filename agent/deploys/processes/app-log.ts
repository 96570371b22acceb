import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../../../world/internal.js';
import { emptyLog, MAX_LOG_BYTES, rotateLog } from '../../cluster/server/rotate-log.js';

/** How many old logs of a process are kept; `web.log.1` is the newest. */
const KEPT_APP_LOGS = 4;

/** How soon the size is checked again: before a fast-growing log could double. */
const POLL_MS = { least: 50, most: 1_000 };

/**
 * The file for a process's output, kept from filling the disk: it is rotated at 10 MB, keeping four old files. The
 * process holds the file itself, so it can write whatever the agent does.
 */
export class AppLog {
  readonly file: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #size = 0;
  #lastSize = 0;
  #lastProblem = '';

  constructor(file: string, log: Log) {
    this.file = file;
    this.#log = log;
  }

  /** Checks the size from now on. */
  watch(): void {
    if (this.#timer === undefined) this.#lookIn(POLL_MS.least);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch((error: Error) => this.#logOnce(error.message))
        .then(() => this.#lookIn(this.#pauseMs(ms)));
    }, ms).unref();
  }

  async #look(): Promise<void> {
    try {
      if (await rotateLog(this.file, { live: true, kept: KEPT_APP_LOGS })) this.#lastSize = 0;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      this.#logOnce('the disk is full, so output of the app was discarded');
      await emptyLog(this.file);
    }
    this.#size = (await lstat(this.file)).size;
  }

  /** Half of the time to the limit at this rate. */
  #pauseMs(passedMs: number): number {
    const grown = Math.max(0, this.#size - this.#lastSize);
    this.#lastSize = this.#size;
    const ms = grown === 0 ? POLL_MS.most : ((MAX_LOG_BYTES - this.#size) / grown) * passedMs * 0.5;
    return Math.min(POLL_MS.most, Math.max(POLL_MS.least, ms));
  }

  /** Logs the same problem only once. */
  #logOnce(problem: string): void {
    if (problem !== this.#lastProblem) this.#log('warn', `${path.basename(this.file)}: ${problem}`);
    this.#lastProblem = problem;
  }
}

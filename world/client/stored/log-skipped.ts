import type { Log } from '../../../base/log.js';

/** Logs that a listing skips a key. */
export function logSkipped(log: Log | undefined, key: string, why: string): void {
  log?.('warn', `Skipping ${key}: ${why}.`);
}

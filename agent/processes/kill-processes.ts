import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.js';
import { type ProcessEntry, signalProcess } from './process-table.js';

const POLLS = { firstMs: 5, maxMs: 100, jitter: false };

/**
 * Polls until nothing is found any more.
 *
 * @returns false if something is left after `timeoutMs`.
 */
export async function untilGone(find: () => readonly ProcessEntry[], timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  for (const backoff = new Backoff(POLLS); find().length > 0; ) {
    if (performance.now() > until) return false;
    await delay(backoff.next());
  }
  return true;
}

/** Asks all found processes to exit, including stopped ones. */
export function terminate(find: () => readonly ProcessEntry[]): void {
  for (const entry of find()) {
    signalProcess(entry, 'SIGTERM');
    signalProcess(entry, 'SIGCONT');
  }
}

/** Kills all found processes, once. */
export function killAllOnce(find: () => readonly ProcessEntry[]): void {
  // Stopped first, so that none can start another between being found and being killed.
  for (const entry of find()) signalProcess(entry, 'SIGSTOP');
  for (const entry of find()) signalProcess(entry, 'SIGKILL');
}

/**
 * Kills all found processes until none is left.
 *
 * @returns what has not died within `timeoutMs`: the kernel keeps it, for example in an unfinished read from a
 * hanging disk.
 */
export async function killAll(
  find: () => readonly ProcessEntry[],
  timeoutMs = 5_000,
): Promise<readonly ProcessEntry[]> {
  const until = performance.now() + timeoutMs;
  for (let found = find(); found.length > 0; found = find()) {
    if (performance.now() > until) return found;
    killAllOnce(find);
    await delay(POLLS.firstMs);
  }
  return [];
}

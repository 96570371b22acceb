import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const ENOUGH_BYTES = 64 * 1024 * 1024;
const ENOUGH_SHARE = 0.05;
const CHECK_INTERVAL_MS = 2_000;

/** What is free for us on the file system of `folder`. Rejects with the errno error where there is no such folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Resolves when the file system of `folder` has space again for a server to come back: 64 MiB, or 5 % of a file system
 * that is small. Rejects with the signal's reason.
 *
 * @param options.intervalMs how often it looks, default 2,000; also how long it waits at least, so that a server which
 * needs more than that is not started again and again without a pause.
 */
export async function untilSpace(
  folder: string,
  signal: AbortSignal,
  { intervalMs = CHECK_INTERVAL_MS } = {},
): Promise<void> {
  do await delay(intervalMs, undefined, { signal });
  while (!(await hasSpace(folder)));
}

async function hasSpace(folder: string): Promise<boolean> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return bavail * bsize >= Math.min(ENOUGH_BYTES, blocks * bsize * ENOUGH_SHARE);
}

import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const ENOUGH_BYTES = 64 * 1024 * 1024;
const ENOUGH_SHARE = 0.05;
const CHECK_INTERVAL_MS = 2_000;

/** The free space on the file system of `folder`. Rejects with the errno error if the directory does not exist. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Resolves when the file system of `folder` has space for a server again: 64 MiB, or 5 % of a small file system.
 * Rejects with the signal's reason.
 *
 * @param options.intervalMs how often to check, default 2,000; also the minimum wait, so that a server that needs
 * more space is not restarted in a tight loop.
 */
export async function untilDiskSpace(
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

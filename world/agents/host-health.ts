/** How far a clock may be off, in milliseconds: beyond that certificates and logs suffer. */
export const CLOCK_LIMIT_MS = 10_000;

/** Below this much room etcd cannot go on for long, whatever the size of the disk. */
const FULL_BYTES = 100_000_000;
/** From here on it is time to make room: this part of the disk, but never more than this much. */
const LOW_PART = 0.05;
const MOST_LOW_BYTES = 2_000_000_000;
const LEAST_LOW_BYTES = 300_000_000;

/** The room on a disk. */
export interface DiskRoom {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Whether a disk is too full for etcd, or will be soon; undefined if there is enough room. */
export function diskTrouble({ totalBytes, freeBytes }: DiskRoom): 'full' | 'low' | undefined {
  if (freeBytes < FULL_BYTES) return 'full';
  const low = Math.min(MOST_LOW_BYTES, Math.max(LEAST_LOW_BYTES, totalBytes * LOW_PART));
  return freeBytes < low ? 'low' : undefined;
}

import { WorldError } from '../../errors.js';
import type { BlockRef } from './tree-node.js';

/**
 * The largest tree that is walked as a whole. Directories and files may share blocks, so a few kilobytes in etcd could
 * expand to more than any disk holds.
 */
export interface TreeLimits {
  /** Files, directories and links together. */
  readonly entries: number;
  /** Nested directories. */
  readonly depth: number;
  /** The sizes of all files together. */
  readonly bytes: number;
}

export const TREE_LIMITS: TreeLimits = { entries: 1_000_000, depth: 128, bytes: 8 * 2 ** 30 };

/** The most blocks that the files of one tree may have together. */
const MOST_BLOCKS = 4_000_000;

/** The longest list of one directory's entries, and of all directories that one walk reads, as they are stored. */
export const LISTING_BYTES = 64 << 20;
export const LISTINGS_BYTES = 256 << 20;

/** @param why completes "PLACE …", such as `holds more than 3 files`. */
export function tooLarge(place: string, why: string): WorldError {
  return new WorldError(
    'too-large',
    `Cannot read everything in ${place}: it ${why}, the most that hawser handles.`,
  );
}

/** @throws WorldError `too-large` for a directory whose list of entries is longer than {@link LISTING_BYTES}. */
export function checkListing(refs: readonly BlockRef[], key: string): void {
  if (lengthOfListing(refs) <= LISTING_BYTES) return;
  throw tooLarge(`a directory of the file system at ${key}`, `has more than ${LISTING_BYTES} bytes of names`);
}

export function lengthOfListing(refs: readonly BlockRef[]): number {
  return refs.reduce((sum, { length }) => sum + length, 0);
}

/** What is counted of a tree. */
export interface Counted {
  readonly entries: number;
  readonly sizeBytes: number;
  readonly blocks: number;
}

/** @throws WorldError `too-large` naming `path` and the limit */
export function checkSize(
  { entries, sizeBytes, blocks }: Counted,
  path: string,
  limits: TreeLimits = TREE_LIMITS,
): void {
  const most = (limit: number): string => `more than ${limit.toLocaleString('en')}`;
  if (entries > limits.entries)
    throw tooLarge(path, `contains ${most(limits.entries)} files and directories`);
  if (sizeBytes > limits.bytes) throw tooLarge(path, `contains ${most(limits.bytes)} bytes`);
  if (blocks > MOST_BLOCKS) throw tooLarge(path, `has files of ${most(MOST_BLOCKS)} blocks`);
}

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from 'node:zlib';
import { WorldError } from '../../errors.js';
import { DEFAULT_STORAGE_PREFIX } from '../../keys.js';
import type { BlockRef } from '../tree/tree-node.js';

/** The most that a block holds, before compression. */
export const BLOCK_BYTES = 256 << 10;

const RAW = 0;
const BROTLI = 1;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
// The limit keeps a small block from unfolding into all memory.
const LIMITED = { maxOutputLength: BLOCK_BYTES };
const compressLarge = promisify(brotliCompress);
const decompressLarge = promisify(brotliDecompress);

/** Less than this is done at once: handing it to another thread takes longer. */
const SMALL_BYTES = 32 << 10;

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Where the block with this hash is stored. */
export function blockKey(hash: string, storagePrefix = DEFAULT_STORAGE_PREFIX): string {
  return `${storagePrefix}/${hash}`;
}

/** One codec byte, then the data, compressed where that helps. */
export async function encodeBlock(data: Buffer): Promise<Buffer> {
  const packed = data.length < SMALL_BYTES ? brotliCompressSync(data, FAST) : await compressLarge(data, FAST);
  return packed.length < data.length
    ? Buffer.concat([Buffer.from([BROTLI]), packed])
    : Buffer.concat([Buffer.from([RAW]), data]);
}

/**
 * @param key where it is stored, for the error.
 * @throws WorldError `invalid` when what is stored is not the block that its hash and length name.
 */
export async function decodeBlock(
  { hash, length }: BlockRef,
  stored: Buffer,
  key = blockKey(hash),
): Promise<Buffer> {
  const data = await unpack(stored).catch((cause: unknown) => {
    throw corrupt(hash, key, cause);
  });
  if (data === undefined || data.length !== length || sha256(data) !== hash) throw corrupt(hash, key);
  return data;
}

async function unpack(stored: Buffer): Promise<Buffer | undefined> {
  const data = stored.subarray(1);
  if (stored[0] === RAW) return data;
  if (stored[0] !== BROTLI) return undefined;
  return data.length < SMALL_BYTES / 4 ? brotliDecompressSync(data, LIMITED) : decompressLarge(data, LIMITED);
}

function corrupt(hash: string, key: string, cause?: unknown): WorldError {
  const message = `The stored block ${hash} is corrupt: delete its key and upload the directory again.`;
  return new WorldError('invalid', message, { key, cause });
}

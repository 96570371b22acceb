import path from 'node:path';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import type { Log } from '../log.js';
import type { CallOptions, TreeUpload } from '../world.js';
import { BULK_TIMEOUT_MS } from './batches.js';
import { BLOCK_BYTES, sha256 } from './blocks.js';
import { EtcdStorage } from './etcd-storage.js';
import { openFile, readFolder, readFully } from './folder.js';
import { reportTo } from './progress.js';
import type { Source } from './storage.js';
import { checkEntries, type Superblock, serialiseEntries, type TreeEntry } from './superblock.js';
import { storeAndCommit } from './upload.js';

/** Where the superblock of a tree is stored. */
export function treeKey(tree: string): string {
  return `/fs/deploy/${tree}`;
}

export interface PutTreeOptions extends CallOptions {
  readonly log?: Log | undefined;
  readonly onProgress?: (done: { bytes: number; of: number }) => void;
}

/**
 * Stores a folder. It is read twice, once to hash it and once to send what is missing, so that memory stays
 * small however large the files are. `timeoutMs` bounds each request, default 60 s.
 * @throws WorldError `invalid` for what cannot be stored, `conflict` for a file that changed in between.
 */
export async function putTree(
  client: Client,
  folder: string,
  options: PutTreeOptions = {},
): Promise<TreeUpload> {
  const { log } = options;
  const call = { timeoutMs: BULK_TIMEOUT_MS, ...options };
  const entries: TreeEntry[] = [];
  for await (const entry of readFolder(folder, options.signal)) entries.push(entry);
  checkEntries(entries);
  const { superblock, sources: listed } = describe(entries);
  const sources = [...fileBlocks(folder, entries), ...listed];
  const sizeBytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0);
  const tree = sha256(superblock);
  const storage = new EtcdStorage(client, { key: treeKey(tree), log });
  const pin = await storage.pin(call);
  try {
    const commit = async (): Promise<void> => {
      const before = await storage.load(undefined, call);
      const version = before?.superblock === superblock ? 0n : (before?.version ?? 0n);
      await storage.commit({ superblock, version, blocks: new Map() }, call);
    };
    const report = reportTo(options.onProgress, sizeBytes);
    const upload = await storeAndCommit(storage, sources, { ...report, commit }, call);
    const files = entries.filter((entry) => entry.type === 'file').length;
    return { tree, files, sizeBytes, ...upload };
  } finally {
    await pin.release();
  }
}

/** The superblock's JSON; entries that would make it large become blocks themselves. */
function describe(entries: readonly TreeEntry[]): { superblock: string; sources: Source[] } {
  const json = serialiseEntries(entries);
  const data = Buffer.from(json);
  if (data.length <= BLOCK_BYTES) return { superblock: `{"version":1,"entries":${json}}`, sources: [] };
  const sources: Source[] = [];
  for (let from = 0; from < data.length; from += BLOCK_BYTES) {
    const block = data.subarray(from, from + BLOCK_BYTES);
    sources.push({ hash: sha256(block), length: block.length, read: () => Promise.resolve(block) });
  }
  const superblock: Superblock = { version: 1, entriesIn: sources.map((source) => source.hash) };
  return { superblock: JSON.stringify(superblock), sources };
}

function* fileBlocks(folder: string, entries: readonly TreeEntry[]): Generator<Source> {
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    const file = path.join(folder, entry.path);
    for (const [index, hash] of entry.blocks.entries()) {
      const position = index * BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES, entry.sizeBytes - position);
      yield { hash, length, read: () => readBlock(file, position, length, hash) };
    }
  }
}

async function readBlock(file: string, position: number, length: number, hash: string): Promise<Buffer> {
  await using handle = await openFile(file);
  const block = Buffer.allocUnsafe(length);
  const read = await readFully(handle, block, position);
  if (read === length && sha256(block) === hash) return block;
  throw new WorldError(
    'conflict',
    `${file} changed while it was being uploaded: try again when nothing writes to it.`,
  );
}

import { z } from 'zod';
import { describeKey } from '../../client/error/name-key-for-users.js';
import { WorldError } from '../../errors.js';
import { BLOCK_BYTES, sha256 } from '../blocks/block-codec.js';
import { cutAll, ENTRIES_CUTS } from '../blocks/content-cuts.js';
import { hasOtherBytes } from './byte-names.js';
import type { FetchedListings } from './fetched-listings.js';
import { LISTING_BYTES, tooLarge } from './tree-limits.js';
import type { BlockRef, DirectoryNode, Entries, Node } from './tree-node.js';

/** The entries of a directory whose JSON is longer go to blocks of their own. */
const INLINE_BYTES = 4 << 10;

const USUAL_VERSION = 2;
/** As the usual one, but names and targets may stand for bytes that are not UTF-8, see {@link hasOtherBytes}. */
const WITH_OTHER_BYTES = 3;

/** What is stored of a tree: the superblock, and the blocks with the entries of large directories. */
export interface EncodedTree {
  readonly superblock: string;
  /** Hash to bytes, of those that are not known to be stored. */
  readonly blocks: ReadonlyMap<string, Buffer>;
}

interface EncodedDirectory {
  readonly body: string;
  readonly made: ReadonlyMap<string, Buffer>;
  /** Whether anything in it has a name, or a link a target, that is not UTF-8. */
  readonly hasOtherBytes: boolean;
}

/** Turns trees into superblocks; what did not change since the last time is not encoded again. */
export class TreeEncoder {
  readonly #bodies = new WeakMap<DirectoryNode, EncodedDirectory>();

  encode(root: DirectoryNode, listings: FetchedListings): EncodedTree {
    const blocks = new Map<string, Buffer>();
    const body = this.#directory(root, blocks);
    const version = this.#bodies.get(root)?.hasOtherBytes === true ? WITH_OTHER_BYTES : USUAL_VERSION;
    const superblock = `{"version":${version},"root":{${body}}}`;
    for (const hash of blocks.keys()) if (listings.isStored(hash)) blocks.delete(hash);
    return { superblock, blocks };
  }

  #directory(directory: DirectoryNode, blocks: Map<string, Buffer>): string {
    let known = this.#bodies.get(directory);
    if (known === undefined) {
      const made = new Map<string, Buffer>();
      known = { body: this.#body(directory, made), made, hasOtherBytes: this.#hasOtherBytes(directory) };
      this.#bodies.set(directory, known);
    }
    for (const [hash, block] of known.made) blocks.set(hash, block);
    return known.body;
  }

  #body(directory: DirectoryNode, blocks: Map<string, Buffer>): string {
    const { type, mode, mtimeMs } = directory;
    const head = JSON.stringify({ type, mode, mtimeMs }).slice(1, -1);
    if ('entriesIn' in directory)
      return `${head},"entriesIn":${JSON.stringify(directory.entriesIn.map(pair))}`;
    const sorted = [...directory.entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const list = `[${sorted.map(([name, node]) => this.#entry(name, node, blocks)).join(',')}]`;
    const data = Buffer.from(list);
    if (data.length <= INLINE_BYTES) return `${head},"entries":${list}`;
    if (data.length > LISTING_BYTES)
      throw tooLarge('a directory that was changed', `has more than ${LISTING_BYTES} bytes of names`);
    const refs: BlockRef[] = [];
    for (const block of cutAll(data, ENTRIES_CUTS)) {
      const hash = sha256(block);
      refs.push({ hash, length: block.length });
      blocks.set(hash, block);
    }
    return `${head},"entriesIn":${JSON.stringify(refs.map(pair))}`;
  }

  /** What it holds was encoded before. */
  #hasOtherBytes(directory: DirectoryNode): boolean {
    if ('entriesIn' in directory) return false;
    for (const [name, node] of directory.entries) {
      if (hasOtherBytes(name) || (node.type === 'symlink' && hasOtherBytes(node.target))) return true;
      if (node.type === 'directory' && this.#bodies.get(node)?.hasOtherBytes === true) return true;
    }
    return false;
  }

  #entry(name: string, node: Node, blocks: Map<string, Buffer>): string {
    if (node.type === 'directory') return `{"name":${JSON.stringify(name)},${this.#directory(node, blocks)}}`;
    if (node.type === 'symlink') return JSON.stringify({ name, ...node });
    const { type, mode, mtimeMs, sizeBytes } = node;
    return JSON.stringify({ name, type, mode, mtimeMs, sizeBytes, blocks: node.blocks.map(pair) });
  }
}

function pair({ hash, length }: BlockRef): [string, number] {
  return [hash, length];
}

const ref = z
  .tuple([z.string().regex(/^[0-9a-f]{64}$/), z.int().min(1).max(BLOCK_BYTES)])
  .transform(([hash, length]): BlockRef => ({ hash, length }));
const mode = z.int().min(0).max(0o7777);
/** What a date can hold. */
const mtimeMs = z.number().min(-8.64e15).max(8.64e15).optional();
const name = z.string().refine((text) => text !== '' && text !== '.' && text !== '..' && !/[/\0]/.test(text));

const file = z.strictObject({
  name,
  type: z.literal('file'),
  mode,
  mtimeMs,
  sizeBytes: z.int().min(0),
  blocks: z.array(ref),
});
const symlink = z.strictObject({ name, type: z.literal('symlink'), target: z.string().min(1), mtimeMs });
const directory = { type: z.literal('directory'), mode, mtimeMs };
const folder = z.strictObject({
  name,
  ...directory,
  get entries() {
    return z.array(entry).optional();
  },
  entriesIn: z.array(ref).optional(),
});
type StoredFolder = {
  name: string;
  type: 'directory';
  mode: number;
  mtimeMs?: number | undefined;
  entries?: StoredEntry[] | undefined;
  entriesIn?: BlockRef[] | undefined;
};
type StoredEntry = z.infer<typeof file> | z.infer<typeof symlink> | StoredFolder;
const entry: z.ZodType<StoredEntry> = z.union([file, symlink, folder]);
const superblockSchema = z.object({
  version: z.union([z.literal(USUAL_VERSION), z.literal(WITH_OTHER_BYTES)]),
  root: z.looseObject({}),
});
const newerSchema = z.object({ version: z.int().min(WITH_OTHER_BYTES + 1) });

/** @throws WorldError `invalid` naming `key` */
export function decodeSuperblock(json: string, key: string): DirectoryNode {
  return reading(key, () => {
    const stored: unknown = JSON.parse(json);
    if (newerSchema.safeParse(stored).success) throw newer(key);
    const { root } = superblockSchema.parse(stored);
    return toDirectory(folder.parse({ ...root, name: 'root' }));
  });
}

/** The entries of a directory, put together from its blocks. @throws WorldError `invalid` naming `key` */
export function decodeEntries(json: string, key: string): Entries {
  return reading(key, () => toEntries(z.array(entry).parse(JSON.parse(json))));
}

function reading<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WorldError) throw cause;
    const message = `Cannot read ${describeKey(key)}: this version of hawser does not know its format.`;
    throw new WorldError('invalid', message, { key, cause });
  }
}

function newer(key: string): WorldError {
  const message = `Cannot read ${describeKey(key)}: it was made by a newer release of hawser. Upgrade the one here.`;
  return new WorldError('invalid', message, { key });
}

function toDirectory({ type, mode, mtimeMs, entries, entriesIn }: StoredFolder): DirectoryNode {
  if (entriesIn !== undefined) return { type, mode, mtimeMs, entriesIn };
  return { type, mode, mtimeMs, entries: toEntries(entries ?? []) };
}

function toEntries(stored: readonly StoredEntry[]): Entries {
  const entries = new Map(stored.map((one) => [one.name, toNode(one)]));
  if (entries.size !== stored.length) throw new RangeError('a name comes twice');
  return entries;
}

function toNode(stored: StoredEntry): Node {
  if (stored.type === 'directory') return toDirectory(stored);
  const { name: _, ...node } = stored;
  if (node.type === 'file' && node.blocks.reduce((sum, { length }) => sum + length, 0) !== node.sizeBytes) {
    throw new RangeError(`the blocks of "${stored.name}" do not make up its size`);
  }
  return node;
}

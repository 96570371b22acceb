import { z } from 'zod';
import { WorldError } from '../errors.js';
import { findEscape } from './paths.js';

/** One file, folder or symbolic link of a tree. Paths are relative to its root, with slashes; the root has no entry. */
export type TreeEntry =
  | {
      readonly type: 'file';
      readonly path: string;
      /** Permission bits. */
      readonly mode: number;
      readonly sizeBytes: number;
      /** SHA-256 of each block in order, lowercase hex; empty for an empty file. */
      readonly blocks: readonly string[];
    }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

/** What is stored under a tree's name: its entries, or for a large tree the blocks that hold them as JSON. */
export type Superblock =
  | { readonly version: 1; readonly entries: readonly TreeEntry[] }
  | { readonly version: 1; readonly entriesIn: readonly string[] };

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const mode = z.int().min(0).max(0o777);

const entrySchema: z.ZodType<TreeEntry> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('file'),
    path: z.string(),
    mode,
    sizeBytes: z.int().min(0),
    blocks: z.array(hash),
  }),
  z.strictObject({ type: z.literal('directory'), path: z.string(), mode }),
  z.strictObject({ type: z.literal('symlink'), path: z.string(), target: z.string() }),
]);

const entriesSchema = z.array(entrySchema);
const superblockSchema: z.ZodType<Superblock> = z.union([
  z.strictObject({ version: z.literal(1), entries: entriesSchema }),
  z.strictObject({ version: z.literal(1), entriesIn: z.array(hash) }),
]);

/** @throws WorldError `invalid` */
export function parseSuperblock(json: string): Superblock {
  return parse(superblockSchema, json);
}

/** Reads the entries of a tree and refuses any that could write outside its folder. @throws WorldError `invalid` */
export function parseEntries(json: string): readonly TreeEntry[] {
  return checkEntries(parse(entriesSchema, json));
}

/** @throws WorldError `invalid` naming the first entry that cannot be. */
export function checkEntries(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const found = findEscape(entries);
  if (found === undefined) return entries;
  throw new WorldError('invalid', `The tree cannot be used: "${found.path}" ${found.why}.`);
}

/** The same folder gives the same bytes, so that it gets the same name. */
export function serialiseEntries(entries: readonly TreeEntry[]): string {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return JSON.stringify(sorted.map(inOrder));
}

function inOrder(entry: TreeEntry): TreeEntry {
  const { type, path } = entry;
  if (type === 'symlink') return { type, path, target: entry.target };
  if (type === 'directory') return { type, path, mode: entry.mode };
  return { type, path, mode: entry.mode, sizeBytes: entry.sizeBytes, blocks: entry.blocks };
}

function parse<T>(schema: z.ZodType<T>, json: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new WorldError('invalid', 'The tree is stored in a form that this version of hawser cannot read.', {
      cause,
    });
  }
}

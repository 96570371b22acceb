import { realpath } from 'node:fs/promises';
import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { sha256 } from '../blocks/block-codec.js';
import { type LocalEntry, readAllLocal, sourcesIn } from '../copy/read-local-files.js';
import { BULK_TIMEOUT_MS } from '../storage/batch-blocks.js';
import { EtcdStorage } from '../storage/etcd-storage.js';
import { type Stored, sourceOf } from '../storage/storage.js';
import { reportTo, storeAndCommit } from '../storage/store-and-commit.js';
import { checkTree } from '../tree/check-safe-to-write.js';
import { FetchedListings } from '../tree/fetched-listings.js';
import { type EncodedTree, TreeEncoder } from '../tree/tree-codec.js';
import { TreeDraft } from '../tree/tree-draft.js';
import { EMPTY_ROOT, type Node } from '../tree/tree-node.js';
import type { OnProgress } from '../world-fs.js';
import { explainUnreadable } from './explain-unreadable.js';
import { FRESH_TREE_SECONDS, freshTreeKey, treeKey } from './tree-keys.js';

/** The result of an upload. Sizes are in bytes, before compression. */
export interface TreeUpload {
  /** Names the tree: the lowercase hex SHA-256 of its superblock. */
  readonly tree: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Blocks that the World lacked and their size. */
  readonly uploadedBlocks: number;
  readonly uploadedBytes: number;
}

/** How to read a directory that is to be a tree. */
export interface FolderOptions {
  /** What else than `.git` is not stored; paths are relative to the directory. Default nothing. */
  readonly isLeftOut?: ((path: string, isDirectory: boolean) => boolean) | undefined;
}

export interface PutTreeOptions extends CallOptions, FolderOptions {
  readonly log?: Log | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What would be stored for a directory. */
export interface FolderTree extends Pick<TreeUpload, 'tree' | 'files' | 'sizeBytes'> {
  /** The directory that was read, without links. */
  readonly root: string;
  /** @internal */
  readonly entries: readonly LocalEntry[];
  /** @internal */
  readonly encoded: EncodedTree;
}

/** Reads a directory as {@link putTree} does, without storing it. @throws WorldError `invalid`, `too-large` */
export async function describeFolder(
  folder: string,
  options: FolderOptions & Pick<CallOptions, 'signal'> = {},
): Promise<FolderTree> {
  const root = await realpath(folder);
  const { entries, files, sizeBytes } = await readFolder(root, options);
  const encoded = encode(entries);
  return { tree: sha256(encoded.superblock), root, files, sizeBytes, entries, encoded };
}

/**
 * Stores a directory. It is read twice, once to hash it (unless it was described before) and once to send what is missing, so
 * that memory stays small however large the files are. `timeoutMs` bounds each request, default 60 s. A tree that no deploy names
 * within an hour may be freed by the next sweep. What does not depend on each other is asked for at the same time: over a long
 * link the round trips take longest.
 * @throws WorldError `invalid` for what cannot be stored, `too-large` for more than {@link getTree} takes, `conflict` for
 * a file that changed in between.
 */
export async function putTree(
  client: Client,
  folder: string | FolderTree,
  options: PutTreeOptions = {},
): Promise<TreeUpload> {
  const { log } = options;
  const call = { ...options, timeoutMs: options.timeoutMs ?? BULK_TIMEOUT_MS };
  const described = typeof folder === 'string' ? await describeFolder(folder, options) : folder;
  const { tree, files, sizeBytes, root, entries, encoded } = described;
  const sources = [
    ...sourcesIn(root, entries),
    ...Array.from(encoded.blocks, ([hash, data]) => sourceOf(hash, data)),
  ];
  const storage = new EtcdStorage(client, { key: treeKey(tree), log });
  const pinned = storage.pin(call, { uploads: true });
  const found = markFresh(client, tree, call);
  for (const beside of [pinned, found]) beside.catch(() => undefined); // they are awaited below
  try {
    let isFirst = true;
    const commit = async (): Promise<void> => {
      await pinned;
      const before = isFirst ? await found : await storage.load(undefined, call);
      isFirst = false;
      const { superblock } = encoded;
      const version = before?.superblock === superblock ? 0n : (before?.version ?? 0n);
      await storage.commit({ superblock, version, blocks: new Map() }, call);
    };
    const report = reportTo(options.onProgress, sizeBytes);
    const upload = await storeAndCommit(storage, sources, { ...report, commit }, call);
    return { tree, files, sizeBytes, ...upload };
  } finally {
    // What comes next need not wait for it; the client does when it closes.
    void pinned.then((pin) => pin.release()).catch(() => undefined);
  }
}

/**
 * Keeps a tree from being freed until a deploy names it, for {@link FRESH_TREE_SECONDS} at most.
 * @returns what is stored of it from then on
 */
async function markFresh(client: Client, tree: string, call: CallOptions): Promise<Stored> {
  const lease = await client.leaseFor(`tree ${tree}`, FRESH_TREE_SECONDS, call);
  const success = [{ put: freshTreeKey(tree), value: '', lease }, { get: treeKey(tree) }];
  const { replies } = await client.txn({ success }, { ...call, repeatable: true });
  const stored = replies[1]?.entries[0];
  return { superblock: stored?.value.toString(), version: stored?.modRevision ?? 0n };
}

/** Everything in a directory, checked. */
async function readFolder(
  folder: string,
  { signal, isLeftOut }: FolderOptions & Pick<CallOptions, 'signal'>,
): ReturnType<typeof readAllLocal> {
  const isGits = (relative: string): boolean => relative === '.git' || relative.endsWith('/.git');
  const read = await readAllLocal(folder, {
    signal,
    names: 'any',
    isLeftOut: (relative, isDirectory) => isGits(relative) || isLeftOut?.(relative, isDirectory) === true,
  }).catch((error: unknown) => {
    throw explainUnreadable(error);
  });
  const [root, ...entries] = read.entries;
  if (root?.node.type !== 'directory')
    throw new WorldError(
      'invalid',
      `Cannot store ${folder} as a tree: it is not a directory. Give a directory.`,
    );
  await checkTree(
    entries.map(({ path, node }) => [path, node]),
    signal,
    folder,
  );
  return { ...read, entries };
}

/** Without times and without the mode of the root, so that the same content gets the same name. */
function encode(entries: readonly LocalEntry[]): EncodedTree {
  const listings = new FetchedListings();
  const draft = new TreeDraft(EMPTY_ROOT, listings);
  for (const { path, node } of entries) draft.put(path.split('/'), withoutTime(node), { touching: false });
  return new TreeEncoder().encode(draft.root, listings);
}

function withoutTime(node: Node): Node {
  return { ...node, mtimeMs: undefined };
}

import { inParallel } from '../../../base/in-parallel.js';
import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import type { KeyValue } from '../../client/key-value.js';
import type { Compare } from '../../client/txn/transaction.js';
import { WorldError } from '../../errors.js';
import { DEFAULT_STORAGE_PREFIX } from '../../keys.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { BULK_TIMEOUT_MS, IN_FLIGHT } from '../storage/batch-blocks.js';
import { DEFAULT_PREFIXES, type FsPrefixes, listFsPrefixes } from '../storage/file-system-prefixes.js';
import { freeingKeys } from './freeing-protocol-keys.js';
import { isSuperblock, LiveBlocks } from './live-blocks.js';
import { sweepUnusedTrees } from './sweep-unused-trees.js';

/** With the comparisons and the note that something was freed it stays below etcd's 128. */
const MOST_OPS = 120;
const MOST_TRIES = 50;

/** The result of a sweep, in blocks. */
export interface FreedBlocks {
  readonly freed: number;
  /** Trees of deploys that are gone from the log: what only they named is among what was freed. */
  readonly trees: number;
  /** Named by a superblock. */
  readonly kept: number;
  /** Not named, but put since an upload that is under way began: they may be named soon. */
  readonly spared: number;
}

/**
 * Deletes the trees that no deploy names, and the blocks that no superblock names, safely while others write (see
 * freeing-protocol-keys.ts) and also while etcd is full. The space is available again once etcd is compacted and defragmented.
 * @throws WorldError `invalid` or `not-found` for a superblock that cannot be read, before anything is deleted;
 * `conflict` when others write so often that no reading of the superblocks stays true for long enough.
 */
export async function freeBlocks(
  client: Client,
  log: Log | undefined,
  {
    prefixes = DEFAULT_PREFIXES,
    ...options
  }: CallOptions & { readonly prefixes?: FsPrefixes | undefined } = {},
): Promise<FreedBlocks> {
  const call = { ...options, timeoutMs: options.timeoutMs ?? BULK_TIMEOUT_MS };
  const { storagePrefix } = prefixes;
  const prefix = `${storagePrefix}/`;
  const keys = freeingKeys(storagePrefix);
  const trees = storagePrefix === DEFAULT_STORAGE_PREFIX ? await sweepUnusedTrees(client, call) : 0;
  const liveBlocks = new LiveBlocks(client, storagePrefix);
  let freed = 0;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    call.signal?.throwIfAborted();
    // In this order: what is committed later shows in the first, a writer whose mark is gone has committed.
    const committed = (await client.get(keys.committed, call))?.modRevision ?? 0n;
    const stored = await client.list(prefix, { ...call, keysOnly: true });
    const marks = await client.list(keys.writers, call);
    const allPrefixes = [...(await listFsPrefixes(client, call)), prefixes];
    const superblocks = await superblocksNaming(client, storagePrefix, allPrefixes, call);
    const say = tries === 0 ? log : undefined;
    const ours = without(superblocks, isSuperblock, 'not a file system or tree of hawser', say);
    const live = await liveBlocks.of(ours, call, otherStorages(allPrefixes, storagePrefix));
    const blocks = without(
      stored.entries,
      (entry) => isBlock(entry, prefix),
      'not a block of a file system',
      say,
    );
    const unnamed = blocks.filter(({ key }) => !live.has(key.slice(prefix.length)));
    const garbage = unnamed.filter(({ modRevision }) =>
      marks.entries.every(({ createRevision }) => modRevision < createRevision),
    );
    const deleted = await deleteAll(client, garbage, {
      ...call,
      committed: revisionIs(keys.committed, committed),
      freed: keys.freed,
    });
    freed += deleted;
    if (deleted === garbage.length) {
      const spared = unnamed.length - garbage.length;
      return { freed, trees, kept: blocks.length - unnamed.length, spared };
    }
  }
  const message = `Freed ${freed} blocks, but others keep writing: run it again when the fleet is less busy.`;
  throw new WorldError('conflict', message);
}

/** @returns how many were deleted; fewer when somebody wrote meanwhile. */
async function deleteAll(
  client: Client,
  garbage: readonly KeyValue[],
  { committed, freed, ...call }: CallOptions & { readonly committed: Compare; readonly freed: string },
): Promise<number> {
  let deleted = 0;
  let isOvertaken = false;
  await inParallel(splitIntoGroups(garbage, MOST_OPS), IN_FLIGHT, async (group) => {
    if (isOvertaken) return;
    const unchanged = group.map(({ key, modRevision }) => revisionIs(key, modRevision));
    const success = [...group.map(({ key }) => key), freed].map((key) => ({ delete: key }));
    const txn = { compare: [committed, ...unchanged], success };
    const { succeeded } = await client.txn(txn, { ...call, repeatable: true });
    if (succeeded) deleted += group.length;
    else isOvertaken = true;
  });
  return deleted;
}

function revisionIs(key: string, to: bigint): Compare {
  return { key, target: 'modRevision', relation: '=', to };
}

function isBlock({ key }: KeyValue, prefix: string): boolean {
  return /^[0-9a-f]{64}$/.test(key.slice(prefix.length));
}

/** Everything that may name a block under this prefix: all keys below every metadata prefix ever used with it. */
async function superblocksNaming(
  client: Client,
  storagePrefix: string,
  allPrefixes: readonly FsPrefixes[],
  call: CallOptions,
): Promise<KeyValue[]> {
  const using = allPrefixes.filter((one) => one.storagePrefix === storagePrefix);
  const found = new Map<string, KeyValue>();
  for (const prefix of new Set(using.map(({ metadataPrefix }) => metadataPrefix))) {
    const { entries } = await client.list(`${prefix}/`, call);
    for (const entry of entries) found.set(entry.key, entry);
  }
  return [...found.values()];
}

function otherStorages(allPrefixes: readonly FsPrefixes[], storagePrefix: string): string[] {
  const all = new Set(allPrefixes.map((one) => one.storagePrefix));
  all.delete(storagePrefix);
  return [...all];
}

/** Leaves out the keys of other programs, with one warning for all of them. */
function without(
  entries: readonly KeyValue[],
  isOurs: (entry: KeyValue) => boolean,
  what: string,
  log: Log | undefined,
): KeyValue[] {
  const [ours, foreign] = [entries.filter(isOurs), entries.filter((entry) => !isOurs(entry))];
  const [first, ...more] = foreign;
  if (first !== undefined) {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    log?.('warn', `Skipping ${first.key}${others}: ${more.length === 0 ? 'it is' : 'they are'} ${what}.`);
  }
  return ours;
}

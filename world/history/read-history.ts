import { pause } from '../../base/abort.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import type { WatchEvent } from '../client/watch/watch-item.js';
import { WorldError } from '../errors.js';
import { AGENTS_PREFIX } from '../keys.js';
import { oldestRevision } from './oldest-revision.js';

/** What one write did to one key. */
export interface StoredChange {
  readonly key: string;
  /** Undefined if the write created the key. */
  readonly before: Buffer | undefined;
  /** Undefined if the write deleted the key. */
  readonly after: Buffer | undefined;
}

/** What one transaction changed. */
export interface RevisionChanges {
  readonly revision: bigint;
  readonly changes: readonly StoredChange[];
}

export interface History {
  /** What was before it is not known: etcd has compacted it. */
  readonly oldest: bigint;
  readonly newest: bigint;
  /** Oldest first. */
  readonly revisions: readonly RevisionChanges[];
}

export interface HistoryOptions extends CallOptions {
  /** Only changes after this revision. Default: all that etcd remembers. */
  readonly after?: bigint | undefined;
}

/** After so many silent rounds nothing more comes: what a round sends may arrive with the next. */
const SILENT_ROUNDS = 3;

/** Where no key can end a round: etcd sends what a watch has missed ten times a second. */
const ROUND_MS = 300;

/**
 * Every change of the keys below the prefixes (none a prefix of another) that etcd remembers.
 * @throws WorldError `compacted` if `after` is older than that, or etcd compacts while it is read; `invalid` for one that is still to
 * come
 */
export async function readHistory(
  client: Client,
  prefixes: readonly string[],
  options: HistoryOptions = {},
): Promise<History> {
  const { entries, revision: newest } = await client.listTogether([...prefixes, AGENTS_PREFIX], options);
  const oldest = await oldestRevision(client, newest, options);
  const { after = oldest } = options;
  if (after < oldest) throw forgotten(after, oldest);
  if (after > newest) throw stillToCome(after, newest);
  // Values first: were they refused, nothing would end the watches.
  const before = await Promise.all(
    prefixes.map((prefix) => client.list(prefix, { ...options, revision: after })),
  );
  const events = await readEvents(
    client,
    { prefixes, after, newest, witness: newestOf(entries, oldest) },
    options,
  );
  const values = new Map(before.flatMap((listing) => listing.entries).map(({ key, value }) => [key, value]));
  return { oldest, newest, revisions: foldEvents(values, events) };
}

/** @param values the keys before the first event; changed. */
function foldEvents(values: Map<string, Buffer>, events: readonly WatchEvent[]): readonly RevisionChanges[] {
  const revisions = new Map<bigint, StoredChange[]>();
  for (const { type, entry } of events.toSorted((a, b) =>
    Number(a.entry.modRevision - b.entry.modRevision),
  )) {
    const before = values.get(entry.key);
    const after = type === 'put' ? entry.value : undefined;
    if (after === undefined) values.delete(entry.key);
    else values.set(entry.key, after);
    const changes = revisions.get(entry.modRevision) ?? [];
    revisions.set(entry.modRevision, changes);
    changes.push({ key: entry.key, before, after });
  }
  return [...revisions].map(([revision, changes]) => ({ revision, changes }));
}

interface Reading {
  readonly prefixes: readonly string[];
  readonly after: bigint;
  readonly newest: bigint;
  /** A key whose last write etcd remembers. */
  readonly witness: KeyValue | undefined;
}

/**
 * Watches what was, until all of it has come. etcd does not say when that is, so further watches on the same stream ask
 * for a write that did happen: etcd serves all watches that are behind in turn, and whatever is behind has had its turn
 * when those have been answered.
 */
async function readEvents(client: Client, reading: Reading, options: CallOptions): Promise<WatchEvent[]> {
  const { prefixes, after, newest, witness } = reading;
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const events: WatchEvent[] = [];
  let waiting = prefixes.length;
  const collect = async (prefix: string): Promise<void> => {
    for await (const item of client.watch(
      { key: prefix, prefix: true, fromRevision: after + 1n },
      { signal },
    )) {
      if (item.kind === 'restarted') throw forgotten(after, item.revision);
      if (item.kind === 'ready') waiting -= 1;
      else events.push(...item.events.filter(({ entry }) => entry.modRevision <= newest));
    }
  };
  const rounds = async (): Promise<void> => {
    for (let silent = 0; silent < SILENT_ROUNDS; ) {
      const seen = events.length;
      await oneRound(client, witness, signal);
      silent = waiting === 0 && seen === events.length ? silent + 1 : 0;
    }
  };
  try {
    await Promise.race([rounds(), Promise.all(prefixes.map(collect))]);
  } finally {
    done.abort();
  }
  options.signal?.throwIfAborted();
  return events;
}

async function oneRound(client: Client, witness: KeyValue | undefined, signal: AbortSignal): Promise<void> {
  if (witness === undefined) return pause(ROUND_MS, signal);
  const request = { key: witness.key, fromRevision: witness.modRevision };
  for await (const { kind } of client.watch(request, { signal })) if (kind !== 'ready') return;
}

/** The key that was written last, if etcd remembers that write. */
function newestOf(entries: readonly KeyValue[], oldest: bigint): KeyValue | undefined {
  let newest: KeyValue | undefined;
  for (const entry of entries)
    if (entry.modRevision >= oldest && entry.modRevision >= (newest?.modRevision ?? 0n)) newest = entry;
  return newest;
}

/** Revision `revision` was asked for. */
export function forgotten(revision: bigint, oldest: bigint): WorldError {
  const message = `etcd no longer remembers revision ${revision}: the oldest that it remembers is ${oldest} (it forgets after about an hour).`;
  return new WorldError('compacted', message, { revision: oldest });
}

/** Revision `revision` was asked for. */
export function stillToCome(revision: bigint, newest: bigint): WorldError {
  return new WorldError('invalid', `There is no revision ${revision} yet: the newest is ${newest}.`);
}

import type { CallOptions } from '../call-options.js';
import { WorldError } from '../errors.js';
import type { CallRunner } from './calls/call-runner.js';
import { describeKey } from './error/name-key-for-users.js';
import type { IRangeResponse } from './internals/etcd3.js';
import { type Namespace, prefixEnd } from './key-namespace.js';
import { type KeyValue, toKeyValue } from './key-value.js';
import { toRange } from './txn/transaction.js';

const PAGE_ENTRIES = 500;
const PAGE_KEYS = 10_000;
const NEWEST_FIRST = { sort_target: 'Create', sort_order: 'Descend' } as const;

export interface ListOptions extends CallOptions {
  /** Leaves the values empty. */
  readonly keysOnly?: boolean | undefined;
  /** The maximum number of entries. Default: no limit. */
  readonly limit?: number | undefined;
  /** With a `limit`: returns only the most recently created, newest first. Default false: the first by key. */
  readonly newestFirst?: boolean | undefined;
  /** Lists as of this revision; rejects with `compacted` if that no longer exists. Default: the newest. */
  readonly revision?: bigint | undefined;
}

export interface Listing {
  /** Sorted by key. */
  readonly entries: readonly KeyValue[];
  /** The revision of all entries: watch from the next one to miss nothing. */
  readonly revision: bigint;
}

/** Reads all keys that start with `prefix`, in pages of one revision, so that no reply grows without bound. */
export async function listPrefix(
  calls: CallRunner,
  namespace: Namespace,
  prefix: string,
  options: ListOptions,
): Promise<Listing> {
  const { revision } = options;
  if (revision !== undefined) return readPages(calls, namespace, prefix, options, String(revision));
  return untilNotCompacted(() => readPages(calls, namespace, prefix, options));
}

/**
 * Reads all keys that start with any of the prefixes, as of one revision: the first page of each in one transaction.
 * At most 128 prefixes, none of them a prefix of another.
 */
export async function listPrefixes(
  calls: CallRunner,
  namespace: Namespace,
  prefixes: readonly string[],
  options: CallOptions,
): Promise<Listing> {
  return untilNotCompacted(async () => {
    const ranges = prefixes.map((prefix) => ({ ...toRange(namespace, prefix, true), limit: PAGE_ENTRIES }));
    const request = { success: ranges.map((range) => ({ request_range: range })) };
    // As many as a person does not read through.
    const what = prefixes.length > 3 ? "read the fleet's state" : `list ${prefixes.join(' and ')}`;
    const { value } = await calls.perform({ kind: 'read', what, run: (rpc) => rpc.kv.txn(request) }, options);
    const { revision } = value.header;
    const listings = await Promise.all(
      value.responses.map(async ({ response_range: first }, index) => {
        const last = first.kvs.at(-1);
        if (!first.more || last === undefined)
          return first.kvs.map((stored) => toKeyValue(namespace, stored));
        const prefix = prefixes[index] ?? '';
        const { entries } = await readPages(calls, namespace, prefix, options, revision, last.key);
        return [...first.kvs.map((stored) => toKeyValue(namespace, stored)), ...entries];
      }),
    );
    return { entries: listings.flat(), revision: BigInt(revision) };
  });
}

/** Starts over at the newest revision if the current one was compacted between two pages. */
async function untilNotCompacted(read: () => Promise<Listing>): Promise<Listing> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
    }
  }
}

async function readPages(
  calls: CallRunner,
  namespace: Namespace,
  prefix: string,
  options: ListOptions,
  wanted?: string,
  after?: Buffer,
): Promise<Listing> {
  const start = namespace.add(prefix);
  const end = prefixEnd(start);
  const entries: KeyValue[] = [];
  let from = start.length === 0 ? Buffer.from([0]) : start;
  if (after !== undefined) from = next(after);
  let revision = wanted;
  for (;;) {
    const limit = Math.min(
      options.keysOnly === true ? PAGE_KEYS : PAGE_ENTRIES,
      (options.limit ?? Infinity) - entries.length,
    );
    const page: IRangeResponse = await readPage(calls, prefix, { from, end, revision, limit }, options);
    revision ??= page.header.revision;
    for (const stored of page.kvs) entries.push(toKeyValue(namespace, stored));
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined || entries.length >= (options.limit ?? Infinity)) break;
    from = next(last.key);
  }
  return { entries, revision: BigInt(revision) };
}

/** The smallest key after `key`. */
function next(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])]);
}

interface Page {
  readonly from: Buffer;
  readonly end: Buffer;
  readonly revision: string | undefined;
  readonly limit: number;
}

async function readPage(
  calls: CallRunner,
  prefix: string,
  page: Page,
  options: ListOptions,
): Promise<IRangeResponse> {
  const request = {
    key: page.from,
    range_end: page.end,
    limit: page.limit,
    keys_only: options.keysOnly ?? false,
    ...(options.newestFirst === true && NEWEST_FIRST),
    revision: page.revision ?? '0',
  };
  const { value } = await calls.perform(
    { kind: 'read', what: `list ${describeKey(prefix)}`, key: prefix, run: (rpc) => rpc.kv.range(request) },
    options,
  );
  return value;
}

import type { IRangeResponse } from 'etcd3';
import { WorldError } from '../errors.js';
import type { CallOptions } from '../world.js';
import type { Calls } from './calls.js';
import { type KeyValue, toKeyValue } from './key-value.js';
import { type Namespace, prefixEnd } from './namespace.js';

const PAGE_ENTRIES = 500;
const PAGE_KEYS = 10_000;

export interface ListOptions extends CallOptions {
  /** Leaves the values empty. */
  readonly keysOnly?: boolean;
  /** At most so many entries. */
  readonly limit?: number;
}

export interface Listing {
  /** Sorted by key. */
  readonly entries: readonly KeyValue[];
  /** All entries are as they were at this revision: watch from the next one to miss nothing. */
  readonly revision: bigint;
}

/** Reads all keys that start with `prefix` in pages of one revision, so that no reply grows without bound. */
export async function listPrefix(
  calls: Calls,
  namespace: Namespace,
  prefix: string,
  options: ListOptions,
): Promise<Listing> {
  for (;;) {
    try {
      return await readPages(calls, namespace, prefix, options);
    } catch (error) {
      // Compacted between two pages: the newest revision can be read again.
      if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
    }
  }
}

async function readPages(
  calls: Calls,
  namespace: Namespace,
  prefix: string,
  options: ListOptions,
): Promise<Listing> {
  const start = namespace.add(prefix);
  const end = prefixEnd(start);
  const entries: KeyValue[] = [];
  let from = start.length === 0 ? Buffer.from([0]) : start;
  let revision: string | undefined;
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
    from = Buffer.concat([last.key, Buffer.from([0])]);
  }
  return { entries, revision: BigInt(revision) };
}

interface Page {
  readonly from: Buffer;
  readonly end: Buffer;
  readonly revision: string | undefined;
  readonly limit: number;
}

async function readPage(
  calls: Calls,
  prefix: string,
  page: Page,
  options: ListOptions,
): Promise<IRangeResponse> {
  const request = {
    key: page.from,
    range_end: page.end,
    limit: page.limit,
    keys_only: options.keysOnly ?? false,
    ...(page.revision === undefined ? {} : { revision: page.revision }),
  };
  const { value } = await calls.perform(
    { kind: 'read', what: `list ${prefix}`, key: prefix, run: (rpc) => rpc.kv.range(request) },
    options,
  );
  return value;
}

import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { WorldError } from '../errors.js';
import { oldestRevision } from './oldest-revision.js';
import { forgotten, type StoredChange, stillToCome } from './read-history.js';

/** Two moments of the World. */
export interface Moments {
  readonly from: bigint;
  /** Default: now. */
  readonly to?: bigint | undefined;
}

/**
 * The difference between two moments in the keys below the prefixes, sorted by key.
 * @throws WorldError `compacted`; `invalid` for a revision that is still to come
 */
export async function compareRevisions(
  client: Client,
  prefixes: readonly string[],
  { from, to }: Moments,
  options: CallOptions = {},
): Promise<{ readonly to: bigint; readonly changes: readonly StoredChange[] }> {
  const { revision: newest } = await client.txn({}, { ...options, repeatable: true });
  const until = to ?? newest;
  const tooNew = [from, until].find((revision) => revision > newest);
  if (tooNew !== undefined) throw stillToCome(tooNew, newest);
  const at = async (revision: bigint): Promise<Map<string, KeyValue>> => {
    const listings = await Promise.all(
      prefixes.map((prefix) => client.list(prefix, { ...options, revision })),
    );
    return new Map(listings.flatMap(({ entries }) => entries).map((entry) => [entry.key, entry]));
  };
  try {
    const [before, after] = await Promise.all([at(from), at(until)]);
    return { to: until, changes: changesBetween(before, after) };
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
    const oldest = await oldestRevision(client, newest, options);
    throw forgotten(from < oldest ? from : until, oldest);
  }
}

function changesBetween(
  before: ReadonlyMap<string, { readonly value: Buffer }>,
  after: ReadonlyMap<string, { readonly value: Buffer }>,
): readonly StoredChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => {
    const [old, now] = [before.get(key)?.value, after.get(key)?.value];
    const isSame = old === undefined || now === undefined ? old === now : old.equals(now);
    return isSame ? [] : [{ key, before: old, after: now }];
  });
}

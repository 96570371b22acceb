import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import { FLEET_KEY } from '../keys.js';

/** So many revisions are tried at once: a million take five rounds. */
const TRIES = 16n;

/** The oldest revision that etcd remembers: what was before it has been compacted. */
export async function oldestRevision(client: Client, newest: bigint, options?: CallOptions): Promise<bigint> {
  return firstThat(1n, newest, async (revision) => {
    try {
      await client.get(FLEET_KEY, { ...options, revision });
      return true;
    } catch (error) {
      if (error instanceof WorldError && error.code === 'compacted') return false;
      throw error;
    }
  });
}

/**
 * The first of the numbers from `low` to `high` that holds, where each one after it holds too; `high` is taken to hold.
 * Exported for its test.
 */
export async function firstThat(
  low: bigint,
  high: bigint,
  holds: (number: bigint) => Promise<boolean>,
): Promise<bigint> {
  while (low < high) {
    const step = (high - low) / TRIES + 1n;
    const tried: bigint[] = [];
    for (let next = low; next < high; next += step) tried.push(next);
    const results = await Promise.all(tried.map(holds));
    const first = results.indexOf(true);
    if (first === 0) return low;
    const last = tried[first === -1 ? tried.length - 1 : first - 1] ?? low;
    low = last + 1n;
    high = first === -1 ? high : (tried[first] ?? high);
  }
  return low;
}

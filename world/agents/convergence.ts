import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { readHosts } from '../client/stored/json.js';
import { AGENTS_PREFIX, CONVERGED_PATH } from '../keys.js';

/** Where hosts say whether they have come to rest. */
const schema = z.boolean();

/**
 * Which hosts say that they have come to rest (`true`) or that something still moves on them (`false`). Hosts that say
 * nothing are not in it.
 */
export async function getConverged(
  client: Client,
  options: CallOptions & { readonly log?: Log } = {},
): Promise<Map<string, boolean>> {
  const { entries } = await client.list(CONVERGED_PATH, options);
  return readHosts(schema, CONVERGED_PATH, entries, options.log);
}

/** Yields once when the watch stands, then once for each change (or burst of changes). */
export function watchConverged(client: Client, options?: WatchOptions): AsyncIterable<void> {
  return client.changes({ key: CONVERGED_PATH, prefix: true }, options);
}

/** What one agent that lives says of itself; `silent`: nothing. */
export type ConvergenceState = 'converged' | 'moving' | 'silent';

/** How far the agents of a fleet have come to rest, as of one revision. */
export interface Convergence {
  readonly hosts: ReadonlyMap<string, ConvergenceState>;
  /** Whether there are agents and all of them have come to rest. */
  readonly isComplete: boolean;
  /** The same as long as nobody has come, gone or written. */
  readonly signature: string;
}

/** @param entries what is under `/agents/` and `/converged/`. */
export function convergenceOf(entries: readonly KeyValue[]): Convergence {
  const of = (prefix: string) => entries.filter(({ key }) => key.startsWith(prefix));
  const agents = of(AGENTS_PREFIX).map(({ key }) => key.slice(AGENTS_PREFIX.length));
  const said = readHosts(schema, CONVERGED_PATH, of(CONVERGED_PATH), undefined);
  const hosts = new Map(
    agents.map((hostname): [string, ConvergenceState] => {
      const value = said.get(hostname);
      if (value === undefined) return [hostname, 'silent'];
      return [hostname, value ? 'converged' : 'moving'];
    }),
  );
  return {
    hosts,
    isComplete: hosts.size > 0 && [...hosts.values()].every((state) => state === 'converged'),
    signature: entries.map(({ key, modRevision }) => `${key} ${modRevision}`).join('\n'),
  };
}

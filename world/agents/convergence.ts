import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { AGENTS_PREFIX, CONVERGED_PATH } from '../keys.js';

const schema = z.boolean();

/** What each host last said: converged (`true`) or not (`false`). Hosts that said nothing are left out. */
export async function getConverged(
  client: Client,
  { log, ...options }: CallOptions & { readonly log?: Log | undefined } = {},
): Promise<Map<string, boolean>> {
  const { entries } = await client.list(CONVERGED_PATH, options);
  return readHosts(schema, CONVERGED_PATH, entries, log);
}

/** Yields once the watch is set up, then once for each change or burst of changes. */
export function watchConverged(client: Client, options?: WatchOptions): AsyncIterable<void> {
  return client.changes({ key: CONVERGED_PATH, prefix: true }, options);
}

/** What the agent of a host said last; `silent`: nothing. */
export type ConvergenceState = 'converged' | 'not-converged' | 'silent';

/** Whether the hosts of a fleet have converged, as of one revision. */
export interface Convergence {
  readonly hosts: ReadonlyMap<string, ConvergenceState>;
  /** Whether there are agents and all of them have converged. */
  readonly isComplete: boolean;
  /** Stays the same until an agent comes, goes or writes. */
  readonly signature: string;
}

/** @param entries everything below `/agents/` and `/converged/`. */
export function convergenceOf(entries: readonly KeyValue[]): Convergence {
  const below = (prefix: string) => entries.filter(({ key }) => key.startsWith(prefix));
  const agents = below(AGENTS_PREFIX).map(({ key }) => key.slice(AGENTS_PREFIX.length));
  const said = readHosts(schema, CONVERGED_PATH, below(CONVERGED_PATH), undefined);
  const hosts = new Map(
    agents.map((hostname): [string, ConvergenceState] => {
      const value = said.get(hostname);
      if (value === undefined) return [hostname, 'silent'];
      return [hostname, value ? 'converged' : 'not-converged'];
    }),
  );
  return {
    hosts,
    isComplete: hosts.size > 0 && [...hosts.values()].every((state) => state === 'converged'),
    signature: entries.map(({ key, modRevision }) => `${key} ${modRevision}`).join('\n'),
  };
}

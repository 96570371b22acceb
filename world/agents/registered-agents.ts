import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import type { Session } from '../client/lease/session.js';
import { readStoredJson } from '../client/stored/read-json.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { absent, type TxnOp, unchangedSince } from '../client/txn/transaction.js';
import { followMap } from '../client/watch/follow-keys.js';
import { WorldError } from '../errors.js';
import { AGENTS_PREFIX } from '../keys.js';
import { checkHostname } from '../validate-names.js';

/** How an agent describes itself while it is alive; bound to its session. */
export interface Agent {
  readonly hostname: string;
  /** Made once per prefix directory: distinguishes a restarted agent from a second one with the same hostname. */
  readonly instance: string;
  readonly version: string;
  /** What it understands of what others write; undefined for agents from before this was said. */
  readonly protocol?: number | undefined;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly pid: number;
  /** Labels that the operator gave the host, such as its `zone`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Where it runs, for people to read. */
  readonly address?: string | undefined;
}

/** The agents of the fleet. */
export interface AgentsWorld {
  /** The agents whose session is alive, by hostname. */
  getAgents(options?: CallOptions): Promise<Map<string, Agent>>;
  /** Yields once the watch is set up, then once for each change or burst of changes: agents that come, go or restart. */
  watchAgents(options?: WatchOptions): AsyncIterable<void>;
  /** Yields what {@link getAgents} returns, at once and then after each change or burst of changes. */
  agentsFollow(options?: WatchOptions): AsyncIterable<ReadonlyMap<string, Agent>>;
}

export const agentSchema: z.ZodType<Agent> = z.object({
  hostname: z.string(),
  instance: z.string(),
  version: z.string(),
  protocol: z.number().exactOptional(),
  startedAt: z.string(),
  pid: z.number(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  address: z.string().exactOptional(),
});

export async function listAgents(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, Agent>> {
  const { entries } = await client.list(AGENTS_PREFIX, options);
  return readHosts(agentSchema, AGENTS_PREFIX, entries, log);
}

export function watchAgents(client: Client, options?: WatchOptions): AsyncIterable<void> {
  return client.changes({ key: AGENTS_PREFIX, prefix: true }, options);
}

export function followAgents(
  client: Client,
  log: Log | undefined,
  options?: WatchOptions,
): AsyncIterable<ReadonlyMap<string, Agent>> {
  return followMap<string, Agent>(client, AGENTS_PREFIX, options, {
    change: (agents, { type, entry }) => {
      const read =
        type === 'put' ? readHosts(agentSchema, AGENTS_PREFIX, [entry], log) : new Map<string, Agent>();
      const [[hostname, agent] = []] = read;
      if (hostname === undefined || agent === undefined)
        return agents.delete(entry.key.slice(AGENTS_PREFIX.length));
      agents.set(hostname, agent);
      return true;
    },
  });
}

/**
 * Registers an agent as alive until its session ends. A restarted agent (same `instance`) takes over its own key; a
 * second agent with the same hostname is refused.
 * @param options.also is written in the same transaction, so that nobody sees one without the other.
 * @throws WorldError `conflict` saying which agent holds the hostname.
 */
export async function registerAgent(
  client: Client,
  agent: Agent,
  session: Session,
  options: CallOptions & {
    readonly log?: Log | undefined;
    readonly also?: readonly TxnOp[] | undefined;
  } = {},
): Promise<void> {
  checkHostname(agent.hostname);
  const key = `${AGENTS_PREFIX}${agent.hostname}`;
  const put = { put: key, value: JSON.stringify(agent), lease: session.lease };
  let held: KeyValue | undefined;
  for (;;) {
    const compare = held === undefined ? absent(key) : unchangedSince(held);
    const txn = { compare: [compare], success: [put, ...(options.also ?? [])], failure: [{ get: key }] };
    const { succeeded, replies } = await client.txn(txn, { ...options, repeatable: true });
    if (succeeded) return;
    held = replies[0]?.entries[0];
    if (held === undefined || held.lease === session.lease) continue;
    const holder = readStoredJson(agentSchema, held, options.log);
    if (holder !== undefined && holder.instance !== agent.instance) throw inUse(key, holder);
  }
}

function inUse(key: string, holder: Agent): WorldError {
  const { hostname, address, pid, version, startedAt } = holder;
  const place = address === undefined ? ` (pid ${pid} on that host, ` : ` on ${address} (pid ${pid}, `;
  const message =
    `An agent with the hostname "${hostname}" is already running${place}version ${version}, since ${startedAt}): ` +
    'stop it, or give this one another hostname.';
  return new WorldError('conflict', message, { key });
}

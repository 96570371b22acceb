import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readStoredJson } from '../client/stored/read-json.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { absent, present, unchangedSince } from '../client/txn/transaction.js';
import { WorldError } from '../errors.js';
import { AGENTS_PREFIX, HOSTS_PREFIX, RECIPIENTS_PREFIX } from '../keys.js';
import { checkHostname } from '../validate-names.js';
import type { Agent } from './registered-agents.js';

/** A host of the fleet, as its agent described it last, and `up` before that. */
export interface KnownHost {
  readonly hostname: string;
  /** When it came to the fleet, ISO 8601. */
  readonly since: string;
  /** Of its agent. */
  readonly version: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly address?: string | undefined;
  /** Where people log in to it: an SSH destination. */
  readonly destination?: string | undefined;
}

export const hostSchema: z.ZodType<KnownHost> = z.object({
  hostname: z.string(),
  since: z.string(),
  version: z.string(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  address: z.string().exactOptional(),
  destination: z.string().exactOptional(),
});

/** The hosts that belong to the fleet, by hostname. */
export async function listHosts(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, KnownHost>> {
  const { entries } = await client.list(HOSTS_PREFIX, options);
  return readHosts(hostSchema, HOSTS_PREFIX, entries, log);
}

/** How to record a host. */
type RecordOptions = CallOptions & { readonly log?: Log | undefined };

/** Records that an agent's host belongs to the fleet, until {@link forgetHost}; writes only if something changed. */
export async function noteHost(client: Client, agent: Agent, options: RecordOptions = {}): Promise<void> {
  const { hostname, version, labels, address } = agent;
  await changeHost(client, hostname, options, (known) => ({
    hostname,
    since: known?.since ?? agent.startedAt,
    version,
    labels,
    address,
    destination: known?.destination,
  }));
}

/**
 * Records where people log in to a host, once its agent has been there; writes only if something changed.
 * @throws WorldError `not-found` when the fleet does not know the host
 */
export async function noteDestination(
  client: Client,
  hostname: string,
  destination: string,
  options: RecordOptions = {},
): Promise<void> {
  await changeHost(client, hostname, options, (known) => {
    if (known === undefined) throw new WorldError('not-found', `The fleet has no host ${hostname}.`);
    return { ...known, destination };
  });
}

/** Changes what is stored of a host, whoever else changes it meanwhile. */
async function changeHost(
  client: Client,
  hostname: string,
  { log, ...options }: RecordOptions,
  change: (known: KnownHost | undefined) => KnownHost,
): Promise<void> {
  checkHostname(hostname);
  const key = `${HOSTS_PREFIX}${hostname}`;
  for (;;) {
    const found = await client.get(key, options);
    const value = Buffer.from(JSON.stringify(change(found && readStoredJson(hostSchema, found, log))));
    if (found !== undefined && value.equals(found.value)) return;
    const compare = [found === undefined ? absent(key) : unchangedSince(found)];
    // Once applied, the comparison fails; reading again shows that nothing differs.
    const { succeeded } = await client.txn(
      { compare, success: [{ put: key, value }] },
      { ...options, repeatable: true },
    );
    if (succeeded) return;
  }
}

/**
 * Removes a host that has left for good from the fleet: deploys no longer expect it.
 *
 * @throws WorldError `not-found` when the fleet does not know it; `conflict` while its agent is running
 */
export async function forgetHost(client: Client, hostname: string, options: CallOptions = {}): Promise<void> {
  checkHostname(hostname);
  const key = `${HOSTS_PREFIX}${hostname}`;
  const agentKey = `${AGENTS_PREFIX}${hostname}`;
  const { succeeded, replies, repeated } = await client.txn(
    {
      compare: [present(key), absent(agentKey)],
      success: [{ delete: key }, { delete: `${RECIPIENTS_PREFIX}${hostname}` }],
      failure: [{ get: agentKey, countOnly: true }],
    },
    { ...options, repeatable: true },
  );
  if (succeeded) return;
  if ((replies[0]?.count ?? 0) > 0)
    throw new WorldError(
      'conflict',
      `The agent of ${hostname} is still running: stop it, then forget the host.`,
      {
        key: agentKey,
      },
    );
  if (!repeated) throw new WorldError('not-found', `The fleet has no host ${hostname}.`, { key });
}

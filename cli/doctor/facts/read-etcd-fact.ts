import type { Client } from '../../../world/client/client.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { parseFleet } from '../../../world/fleet/identity-codec.js';
import { AGENTS_PREFIX, FLEET_KEY } from '../../../world/keys.js';
import type { EtcdFact, WorldFact } from './etcd-fact.js';

/** How many keys of others are looked through for another namespace. */
const MOST_KEYS = 2_000;

interface Call {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** What is asked, and how. */
export interface EtcdQuestion extends Call {
  /** Of the host in the fleet; where that is not known, the member that answers says it. */
  readonly hostname: string | undefined;
  /** The World of the same etcd without a namespace. */
  readonly openRoot: () => Promise<ClientWorld>;
}

/** Asks etcd what needs no majority first, then what does. */
export async function readEtcdFact(
  world: ClientWorld,
  { hostname, openRoot, ...call }: EtcdQuestion,
): Promise<Omit<EtcdFact, 'through'>> {
  const { cluster } = world.client;
  const none = { members: [], alarms: [] };
  let status: Awaited<ReturnType<typeof cluster.status>>;
  try {
    status = await cluster.status(undefined, call);
  } catch (error) {
    return { ...none, error: asError(error, call.signal) };
  }
  const members = await cluster.members({ ...call, serializable: true }).catch(() => []);
  if (status.leader === '0') return { ...none, status, members };
  try {
    const alarms = await cluster.alarms(call);
    const name = hostname ?? members.find(({ id }) => id === status.memberId)?.name ?? '';
    return { status, members, alarms, world: await readWorld(world, { hostname: name, openRoot, ...call }) };
  } catch (error) {
    return { ...none, status, members, error: asError(error, call.signal) };
  }
}

async function readWorld(
  world: ClientWorld,
  { hostname, openRoot, ...call }: EtcdQuestion & { readonly hostname: string },
): Promise<WorldFact> {
  const [agents, stored] = await Promise.all([world.getAgents(call), world.client.get(FLEET_KEY, call)]);
  const fleet = stored === undefined ? undefined : parseFleet(stored.value)?.uuid;
  if (fleet !== undefined || agents.size > 0) return { fleet, agents, hostname, otherNamespaces: [] };
  await using root = await openRoot();
  return { fleet, agents, hostname, otherNamespaces: await findNamespaces(root.client, call) };
}

/** Prefixes of keys below which there is an identity or an agent of a fleet. */
async function findNamespaces(client: Client, call: Call): Promise<string[]> {
  const { entries } = await client.list('', { ...call, keysOnly: true, limit: MOST_KEYS });
  const prefixes = entries.flatMap(({ key }) => {
    const [, before] = new RegExp(`^(.*?)(?:${FLEET_KEY}$|${AGENTS_PREFIX}[^/]+$)`).exec(key) ?? [];
    return before === undefined ? [] : [before];
  });
  return [...new Set(prefixes)];
}

function asError(error: unknown, signal: AbortSignal): Error {
  signal.throwIfAborted();
  return error instanceof Error ? error : new Error(String(error));
}

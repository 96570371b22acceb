import { setMaxListeners } from 'node:events';
import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';
import { readHostFacts } from '../facts/read-host-facts.js';
import { type ConnectedHost, type ConnectOptions, connectHost } from '../host/connect-host.js';
import type { WantedHost } from './merge-destinations.js';

/** A host that was looked at. */
export interface SeenHost extends ConnectedHost {
  readonly host: FleetHost;
  readonly facts: HostFacts;
}

/** A host that could not be looked at, or cannot take part. */
export interface TroubledHost {
  readonly host: FleetHost;
  readonly error: Error;
}

/** All hosts, after one look. Closing it logs out. */
export interface Sight extends AsyncDisposable {
  readonly seen: readonly SeenHost[];
  readonly troubled: readonly TroubledHost[];
}

/** Logs in to all hosts at once and looks at each. A host that cannot be looked at is no error. An abort rejects. */
export async function lookAtHosts(hosts: readonly WantedHost[], options: ConnectOptions): Promise<Sight> {
  // Each login listens to it, by programs that it runs.
  setMaxListeners(0, options.signal);
  const seen: SeenHost[] = [];
  const troubled: TroubledHost[] = [];
  await Promise.all(
    hosts.map(async (host) => {
      try {
        seen.push(await look(host, options));
      } catch (error) {
        troubled.push({ host, error: error instanceof Error ? error : new Error(String(error)) });
      }
    }),
  );
  const inOrder = <T extends { readonly host: FleetHost }>(found: readonly T[]): T[] =>
    hosts.flatMap(({ ssh }) => found.filter(({ host }) => host.ssh === ssh));
  const sight: Sight = {
    ...withoutTwins(inOrder(seen), inOrder(troubled)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(seen.map(({ shell }) => shell[Symbol.asyncDispose]()));
    },
  };
  if (!options.signal.aborted) return sight;
  await sight[Symbol.asyncDispose]();
  throw options.signal.reason;
}

async function look(wanted: WantedHost, options: ConnectOptions): Promise<SeenHost> {
  const { isNameless, ...host } = wanted;
  const connected = await connectHost(host, options);
  try {
    const facts = await readHostFacts(connected.shell, options.signal);
    const own = facts.hostname.split('.', 1)[0]?.toLowerCase() ?? '';
    const recorded = facts.agent.record?.hostname;
    const name = isNameless ? (recorded ?? (own || host.name)) : host.name;
    return { ...connected, facts, host: { ...host, name } };
  } catch (error) {
    await connected.shell[Symbol.asyncDispose]();
    throw error;
  }
}

/** Two destinations of one machine, and two machines of one name: the first of them counts. */
function withoutTwins(seen: readonly SeenHost[], troubled: readonly TroubledHost[]): Omit<Sight, symbol> {
  const kept: SeenHost[] = [];
  const refused: TroubledHost[] = [];
  for (const one of seen) {
    const same = kept.find(({ facts }) => facts.machineId === one.facts.machineId);
    const namesake = kept.find(({ host }) => host.name === one.host.name);
    if (same !== undefined) refused.push({ host: one.host, error: isSame(one.host, same.host) });
    else if (namesake !== undefined)
      refused.push({ host: one.host, error: isNamesake(one.host, namesake.host) });
    else kept.push(one);
  }
  return { seen: kept, troubled: [...troubled, ...refused] };
}

function isSame(host: FleetHost, other: FleetHost): CliError {
  const message = `${host.ssh} and ${other.ssh} are the same machine: name it once.`;
  return new CliError('usage', message);
}

function isNamesake(host: FleetHost, other: FleetHost): CliError {
  const message = `${host.ssh} and ${other.ssh} would both be called ${host.name}: name one of them differently, such as ${host.name}b=${host.ssh}.`;
  return new CliError('usage', message);
}

import { pause } from '../../base/abort.js';
import {
  type Client,
  describeFleet,
  FLEET_KEY,
  type FleetIdentity,
  getFleet,
  type Log,
  makeFleet,
  WorldError,
} from '../../world/internal.js';
import { AgentError } from '../errors.js';
import type { DataFolder } from './server/data-folder.js';
import type { ServerStart } from './server/etcd/etcd-arguments.js';

const RETRY_MS = 500;

export interface MaintainFleetIdentityOptions {
  readonly client: Client;
  readonly folder: DataFolder;
  readonly hostname: string;
  /** The server that this host starts with; undefined for a client. */
  readonly start: ServerStart | undefined;
  /** Creates a client of only the seeds that this host was given; undefined if there are none. */
  readonly seeds: (() => Client) | undefined;
  /** The identity to give a new cluster, if it was chosen beforehand. */
  readonly wanted: FleetIdentity | undefined;
  /** Creates a client of this host's own server, whatever fleet that is of: before it has an identity, it is of none. */
  readonly ownServer: () => Client;
  readonly log: Log;
}

export interface MaintainedFleetIdentity {
  /** Resolves when a cluster that this host creates has its identity; immediately on other hosts. */
  readonly founded: Promise<void>;
  readonly ended: Promise<void>;
}

/**
 * Gives a new cluster its identity as soon as it serves, and records in the prefix which fleet this host belongs to,
 * now and whenever that changes, until the signal aborts.
 *
 * @param fail called with AgentError `other-cluster` if the seeds turn out to belong to another fleet.
 */
export function maintainFleetIdentity(
  options: MaintainFleetIdentityOptions,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): MaintainedFleetIdentity {
  const { client, start, wanted, ownServer } = options;
  const making = async (): Promise<void> => {
    // A restarted server may have been killed before it had the identity that was chosen for it.
    if (start === undefined || (start.kind !== 'new' && wanted === undefined)) return;
    await using own = ownServer();
    client.knowFleet(await untilAnswered(signal, () => makeFleet(own, wanted, { signal })));
  };
  const founded = making();
  founded.catch(fail);
  return { founded, ended: follow(options, signal).catch(fail) };
}

async function follow(options: MaintainFleetIdentityOptions, signal: AbortSignal): Promise<void> {
  const { client } = options;
  const noting = untilAnswered(signal, async () => {
    for await (const _ of client.changes({ key: FLEET_KEY }, { signal })) await note(options, signal);
  });
  try {
    await Promise.all([noting, checkSeeds(options, signal)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Checks the seeds once they answer. @throws AgentError `other-cluster` */
async function checkSeeds(
  { seeds, hostname }: MaintainFleetIdentityOptions,
  signal: AbortSignal,
): Promise<void> {
  if (seeds === undefined) return;
  await using client = seeds();
  try {
    await untilAnswered(signal, () => client.get(FLEET_KEY, { signal }), true);
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'other-fleet') throw error;
    throw new AgentError('other-cluster', `${hostname} refuses to join: ${error.message}`, { cause: error });
  }
}

async function note(
  { client, folder, log }: MaintainFleetIdentityOptions,
  signal: AbortSignal,
): Promise<void> {
  const fleet = await untilAnswered(signal, () => getFleet(client, { signal }));
  if (fleet === undefined) return;
  client.knowFleet(fleet);
  const before = folder.fleet;
  if (before?.uuid === fleet.uuid && before.generation === fleet.generation) return;
  await folder.rememberFleet(fleet);
  log('info', `this host belongs to ${describeFleet(fleet)}`);
}

async function untilAnswered<T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
  isStrangeFinal = false,
): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WorldError) || error.code === 'closed') throw error;
      if (isStrangeFinal && error.code === 'other-fleet') throw error;
      await pause(RETRY_MS, signal);
    }
  }
}

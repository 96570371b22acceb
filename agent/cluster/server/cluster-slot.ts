import type { Client, Log, Member } from '../../../world/without-ssh.js';
import { AgentError } from '../../errors.js';
import { NOMINATED_PREFIX } from '../keys.js';
import type { ServerStart } from './etcd/flags.js';
import { explainExit } from './server-exit.js';
import type { ServerProcess } from './server-process.js';

/** What the cluster holds for a host. */
export interface ClusterSlot {
  /** The member that is or is to be this host: by its name, or before it has started by its URLs. */
  readonly own: Member | undefined;
  readonly isNominated: boolean;
}

/** @throws WorldError `unavailable` */
export async function clusterSlotOf(
  {
    client,
    hostname,
    advertisedServerUrls,
  }: { readonly client: Client; readonly hostname: string; readonly advertisedServerUrls: readonly string[] },
  signal: AbortSignal,
): Promise<ClusterSlot> {
  const [nomination, members] = await Promise.all([
    client.get(`${NOMINATED_PREFIX}${hostname}`, { signal }),
    client.members({ signal }),
  ]);
  const own = members.find(
    ({ name, peerUrls }) =>
      name === hostname || (name === '' && peerUrls.some((url) => advertisedServerUrls.includes(url))),
  );
  return { own, isNominated: nomination !== undefined };
}

/** Undefined where the server cannot even be started, which may pass: another program has its address. */
export async function trySpawn(
  { spawn, log }: { readonly spawn: (start: ServerStart) => Promise<ServerProcess>; readonly log: Log },
  start: ServerStart,
): Promise<ServerProcess | undefined> {
  try {
    return await spawn(start);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    log('warn', error.message);
    return undefined;
  }
}

/** How a server ended, in a few words. */
export function describe({ exit }: ServerProcess): string {
  return exit === undefined ? 'it runs' : explainExit(exit);
}

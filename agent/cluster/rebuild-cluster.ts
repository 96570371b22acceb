import { type CallOptions, type ClientWorld, raiseGeneration } from '../../world/internal.js';
import { AgentError } from '../errors.js';
import type { EtcdClientFactory } from './etcd-client-factory.js';
import type { DataFolder } from './server/data-folder.js';
import type { ServerLauncher } from './server/server-launcher.js';
import type { HostServer } from './server/server-lifetime.js';

const REBUILD_MS = 60_000;

export interface RebuildContext {
  readonly hostname: string;
  readonly server: HostServer | undefined;
  readonly folder: DataFolder;
  readonly launcher: ServerLauncher | undefined;
  readonly connections: EtcdClientFactory;
  readonly world: ClientWorld;
}

/**
 * Turns this host's data into a cluster of one. The fleet gets a new generation, which distinguishes it from servers
 * that the rebuild leaves behind on other hosts.
 *
 * @throws AgentError `invalid` on a host without data; `server-failed` and the like if the server does not start.
 */
export async function rebuildCluster(context: RebuildContext, signal: AbortSignal): Promise<void> {
  const { hostname, server, launcher, folder } = context;
  if (server === undefined || launcher === undefined || !folder.hasData)
    throw new AgentError('invalid', `${hostname} has no data to rebuild a cluster from.`);
  const call = { signal, timeoutMs: REBUILD_MS };
  await server.start({ kind: 'rebuild' });
  await server.process?.ready(call);
  await startNextGeneration(context, launcher.addresses.localEndpoint, call);
  // Restart without the rebuild flag, which would create a cluster of one at every start.
  await server.start({ kind: 'restart' });
  await server.process?.ready(call);
}

async function startNextGeneration(
  { connections, folder, world }: RebuildContext,
  endpoint: string,
  call: CallOptions,
): Promise<void> {
  await using client = connections.toFleet([endpoint]);
  const fleet = await raiseGeneration(client, call);
  await folder.rememberFleet(fleet);
  world.client.knowFleet(fleet);
}

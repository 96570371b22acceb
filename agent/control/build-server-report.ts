import type { MemberStatus } from '../../world/internal.js';
import type { EtcdClientFactory } from '../cluster/etcd-client-factory.js';
import type { DataFolder } from '../cluster/server/data-folder.js';
import type { ServerLauncher } from '../cluster/server/server-launcher.js';
import type { HostServer } from '../cluster/server/server-lifetime.js';
import type { ServerReport } from './control-protocol.js';

const ASK_MS = 800;

/** The control socket's report on this host's server. Asks the server itself, which answers without a majority too. */
export async function readServerReport(
  hostServer: HostServer | undefined,
  folder: DataFolder,
  launcher: ServerLauncher,
  connections: EtcdClientFactory,
): Promise<ServerReport> {
  const dataFolder = folder.hasData;
  const server = hostServer?.process;
  if (server === undefined) return { state: hostServer?.isDrained ? 'stopped' : 'none', dataFolder };
  await using client = connections.toAny([server.clientEndpoint]);
  const status = await client.cluster.status(undefined, { timeoutMs: ASK_MS }).catch(() => undefined); // it is starting
  if (status === undefined) return { state: 'starting', dataFolder };
  const members = await client.cluster
    .members({ timeoutMs: ASK_MS, serializable: true })
    .catch(() => undefined); // the report goes without them
  return {
    state: stateOf(status),
    memberId: status.memberId,
    clusterId: status.clusterId,
    revision: String(status.revision),
    raftTerm: status.raftTerm,
    raftIndex: String(status.raftIndex),
    dbSizeBytes: status.dbSizeBytes,
    members: members?.map(({ name, id, peerUrls }) => ({ name, id, peerUrls })),
    clientUrls: launcher.addresses.clientUrls,
    dataFolder,
  };
}

function stateOf({ leader, isLearner }: MemberStatus): ServerReport['state'] {
  if (leader === '0') return 'no-quorum';
  return isLearner ? 'learner' : 'voter';
}

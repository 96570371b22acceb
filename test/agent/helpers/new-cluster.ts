import { DataFolder } from '../../../agent/cluster/server/data-folder.js';
import type { ServerStart } from '../../../agent/cluster/server/etcd/etcd-arguments.js';
import { NewClusterPermit } from '../../../agent/cluster/start/new-cluster-permit.js';

/** The start of the first server of a new cluster, as an agent gets it that was told to make one. */
export async function newCluster(): Promise<ServerStart> {
  const folder = new DataFolder('/nonexistent');
  const facts = {
    ...{ hostname: 'h1', prefix: '/nonexistent', hasData: false, seeds: [], connectsThroughSsh: false },
    ...{ remembered: [], fleet: undefined, newCluster: true },
  };
  const signal = new AbortController().signal;
  return { kind: 'new', permit: await NewClusterPermit.ask(facts, folder, async () => {}, signal) };
}

import { Client } from '../../../world/index.js';
import type { ChurnHost } from '../fleet/churn-host.js';

const ANSWER_MS = 2_000;

/** Complains of hosts whose servers are of different clusters, and of a cluster that was made besides the first. */
export async function severalClusters(hosts: readonly ChurnHost[]): Promise<string[]> {
  const seen = await Promise.all(
    hosts.map(async ({ name, clientUrl }) => ({ name, id: await clusterAt(clientUrl) })),
  );
  const founded = await Promise.all(hosts.map((host) => host.countFounded()));
  const made = founded.reduce((sum, count) => sum + count, 0);
  const answering = seen.filter(({ id }) => id !== undefined);
  const several = new Set(answering.map(({ id }) => id)).size > 1;
  return [
    ...(several
      ? [`there are several clusters: ${answering.map(({ name, id }) => `${name} ${id}`).join(', ')}`]
      : []),
    ...(made === 1 ? [] : [`${made} new clusters were made`]),
  ];
}

/** Undefined where no server answers. */
async function clusterAt(url: string): Promise<string | undefined> {
  await using client = Client.create({ endpoints: [url], fleet: 'any' });
  const status = await client.cluster.status(undefined, { timeoutMs: ANSWER_MS }).catch(() => undefined); // none runs there
  return status?.clusterId;
}

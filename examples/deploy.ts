/**
 * Deploys a directory to every host whose agent is running, and waits until each is healthy. `hawser deploy` does more: it
 * reads hawser.yaml, checks git and waits for hosts that are away.
 *
 *     node deploy.js root@web1 ./web
 */
import { hostname, userInfo } from 'node:os';
import { SshWorld } from 'hawser';
import type { Deployment } from 'hawser/world';

const [ssh = 'root@web1', folder = './web', seed = 'unix:///run/hawser/etcd.sock'] = process.argv.slice(2);
const signal = AbortSignal.timeout(5 * 60_000);

await using world = await SshWorld.open({ ssh, seeds: [seed] }, { signal });
const hosts = [...(await world.getAgents({ signal })).keys()].sort();
const { tree } = await world.putTree(folder, { signal });
const id = (await world.getMaxDeployId({ signal })) + 1;
const deployment: Deployment = {
  hawser: 1,
  name: 'web',
  message: 'from a script',
  author: `${userInfo().username}@${hostname()}`,
  createdAt: new Date().toISOString(),
  tree,
  noop: false,
  hosts,
  manifest: { name: 'web', processes: { main: { run: ['node', 'server.mjs'] } } },
};
// Rejects with `conflict` if someone else took this id meanwhile.
await world.addDeploy({ id, payload: JSON.stringify(deployment) }, { signal });

// The hosts decide on the verdict; it is the same for everybody who looks.
for await (const rollout of world.rolloutFollow(id, { signal })) {
  if (rollout?.verdict === undefined) continue;
  for (const [host, { message }] of await world.getReports(id, { signal }))
    console.log(`${host}: ${message}`);
  console.log(`deploy ${id} is ${rollout.verdict}`);
  process.exitCode = rollout.verdict === 'healthy' ? 0 : 1;
  break;
}

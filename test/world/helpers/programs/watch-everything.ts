/**
 * One host that watches everything: says `ready` when all its watches stand and `seen WATCH` for each that shows what
 * the other host wrote; writes everything itself at `write`, and takes its member back at `remove`.
 */
import { createInterface } from 'node:readline';
import { EtcdWorld } from '../../../../world/index.js';
import { registerAgent } from '../../../../world/internal.js';

const [endpoint = '', hostname = '', other = ''] = process.argv.slice(2);
await using world = EtcdWorld.create({ seeds: [endpoint], hostname, namespace: '/two-hosts' });
const { client } = world;
const closing = new AbortController();
const { signal } = closing;
const sizes: Readonly<Record<string, number>> = { h1: 3, h2: 7 };
const peerUrl = (host: string): string => `http://127.0.0.1:${sizes[host]}`;
const agent = { hostname, instance: hostname, version: '1', startedAt: '', pid: process.pid };
const report = { hostname, state: 'healthy', message: '', at: '', current: 1 } as const;

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

async function fromOther(kind: string): Promise<boolean> {
  return (await world.resCollect([{ kind, host: other }])).length > 0;
}

/** Each watch, and whether what it tells of is there. */
const watches: Readonly<Record<string, [AsyncIterable<unknown>, (item: unknown) => unknown]>> = {
  strWatch: [
    world.strWatch('two', { signal }),
    async () => (await world.strGet('two').catch(() => '')) === other,
  ],
  strMapWatch: [
    world.strMapWatch('map', { signal }),
    async () => (await world.strMapGet('map')).get(other) === other,
  ],
  strMapFollow: [world.strMapFollow('map', { signal }), (map) => map instanceof Map && map.has(other)],
  resWatch: [world.resWatch('', { signal }), () => fromOther('svc')],
  'resWatch file': [world.resWatch('file', { signal }), () => fromOther('file')],
  watchDeploy: [
    world.watchDeploy({ signal }),
    async () => (await world.getDeploy(await world.getMaxDeployId())) === other,
  ],
  deploysFollow: [
    world.deploysFollow({ signal }),
    (deploys) => deploys instanceof Map && [...deploys.values()].includes(other),
  ],
  watchReports: [world.watchReports(1, { signal }), async () => (await world.getReports(1)).has(other)],
  watchAgents: [world.watchAgents({ signal }), async () => (await world.getAgents()).has(other)],
  watchEndpoints: [
    world.watchEndpoints({ signal }),
    async () => (await world.advertisedEndpoints()).has(other),
  ],
  idealClusterSizeWatch: [
    world.idealClusterSizeWatch({ signal }),
    async () => (await world.idealClusterSizeGet()) === sizes[other],
  ],
  scheduled: [
    world.scheduled('two', { signal }),
    (schedule) => JSON.stringify(schedule).includes(`"${other}"`),
  ],
  watchMembers: [
    world.watchMembers({ signal }),
    (members) => JSON.stringify(members).includes(`"${peerUrl(other)}"`),
  ],
};

async function writeEverything(): Promise<string> {
  const session = await client.session();
  await registerAgent(client, agent, session);
  await client.set(`/endpoints/${hostname}`, 'http://10.0.0.1:2379', { lease: session.lease });
  await world.strSet('two', hostname);
  await world.strMapSet('map', hostname);
  await world.resExport([
    { kind: 'svc', name: 'n', host: other, data: '' },
    { kind: 'file', name: '/n', data: '' },
  ]);
  await world.addDeploy((await world.getMaxDeployId()) + 1, '', '', hostname);
  await world.setReport(1, report);
  void world.scheduler('two', { signal })[Symbol.asyncIterator]().next();
  await world.idealClusterSizeSet(sizes[hostname] ?? 0);
  return (await client.cluster.memberAdd([peerUrl(hostname)], { learner: true })).id;
}

let standing = 0;
const watching = Object.entries(watches).map(async ([name, [items, shows]]) => {
  let seen = false;
  let first = true;
  for await (const item of items) {
    if (first) standing += 1;
    if (first && standing === Object.keys(watches).length) say('ready');
    first = false;
    if (seen || !(await shows(item))) continue;
    seen = true;
    say(`seen ${name}`);
  }
});

let added = '';
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'write') added = await writeEverything();
  if (line === 'remove') await client.cluster.memberRemove(added);
  say(`done ${line}`);
}
closing.abort();
await Promise.all(watching);

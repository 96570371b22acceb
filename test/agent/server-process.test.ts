import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Child } from '../../agent/child-process.js';
import { etcdArguments } from '../../agent/cluster/etcd-flags.js';
import { serverExit } from '../../agent/cluster/server-exit.js';
import { AgentError } from '../../agent/errors.js';
import type { EtcdVersion } from '../../fixtures/fleet/etcd-binary.js';
import { Client } from '../../world/index.js';
import { ServerPlace } from './server.js';

const signal = AbortSignal.timeout(120_000);

/** One test for each version of etcd. */
function onEach(title: string, run: (t: ExecutionContext, version: EtcdVersion) => Promise<void>): void {
  for (const version of ['3.4', '3.5'] as const) test.serial(`etcd ${version}: ${title}`, run, version);
}

onEach('the first server serves, stops when told and comes back as the same member', async (t, version) => {
  await using place = await ServerPlace.make(version);
  const first = await place.start({ kind: 'new', token: 't1' });
  const status = await first.ready({ signal });
  t.is(status.leader, status.memberId);
  t.is(first.exit, undefined);
  t.is((await first.stop()).why, 'stopped');
  const again = await place.start({ kind: 'restart' });
  const { memberId, clusterId } = await again.ready({ signal });
  t.deepEqual({ memberId, clusterId }, { memberId: status.memberId, clusterId: status.clusterId });
});

onEach('without network it serves on unix sockets, also after it was killed', async (t, version) => {
  await using place = await ServerPlace.make(version, { unix: true });
  const server = await place.serve();
  t.is(server.clientEndpoint, `unix://${place.options.folder}/client:0`);
  server.kill();
  t.is((await server.exited).signal, 'SIGKILL');
  t.true((await readdir(place.options.folder)).includes('client:0'), 'the socket is left behind');
  await place.serve({ kind: 'restart' });
  t.pass();
});

onEach('a member that is removed ends by itself, and says why', async (t, version) => {
  await using first = await ServerPlace.make(version);
  await using second = await ServerPlace.make(version, { name: 'h2' });
  const { clientEndpoint } = await first.serve();
  await using client = Client.connect({ endpoints: [clientEndpoint] });
  const { id, members } = await client.memberAdd(second.options.advertisedServerUrls, { learner: true });
  const named = members.map(({ name, peerUrls }) => ({ name: name === '' ? 'h2' : name, peerUrls }));
  const learner = await second.start({ kind: 'join', members: named });
  t.true((await learner.ready({ signal })).isLearner);
  await client.memberRemove(id);
  const exit = await learner.exited;
  t.like(exit, { code: 0, why: 'removed' });
  const stale = await second.start({ kind: 'restart' });
  t.is((await stale.exited).why, 'removed', 'the same when it was removed while it was away');
});

onEach('a server that is ended by somebody else was not removed', async (t, version) => {
  await using place = await ServerPlace.make(version);
  const server = await place.serve();
  process.kill(server.pid ?? 0, 'SIGTERM');
  t.like(await server.exited, { signal: 'SIGTERM', why: 'other' });
});

onEach('a list of members that is not the cluster’s is told from other failures', async (t, version) => {
  await using first = await ServerPlace.make(version);
  await using second = await ServerPlace.make(version, { name: 'h2' });
  await first.serve();
  const members = [
    { name: 'h1', peerUrls: first.options.advertisedServerUrls },
    { name: 'h2', peerUrls: second.options.advertisedServerUrls },
  ];
  const server = await second.start({ kind: 'join', members });
  const error = await t.throwsAsync(server.ready({ signal }), { instanceOf: AgentError });
  t.is(error?.code, 'server-failed');
  t.is(server.exit?.why, 'unequal-members');
  t.regex(error?.logTail ?? '', /member count is unequal/);
});

onEach('an address that another program has is said before anything is started', async (t, version) => {
  await using place = await ServerPlace.make(version);
  await place.serve();
  const error = await t.throwsAsync(place.start({ kind: 'restart' }), { instanceOf: AgentError });
  t.is(error?.code, 'in-use');
  t.regex(error?.message ?? '', /cannot listen on http:\/\/127\.0\.0\.1:\d+: another program/);
  const argv = [
    place.options.program,
    ...etcdArguments({ ...place.options, start: { kind: 'new' } }),
  ] as const;
  const second = await Child.start({
    argv: [argv[0] ?? '', ...argv.slice(1)],
    cwd: place.options.folder,
    environment: process.env,
    logFile: path.join(place.options.folder, 'second.log'),
  });
  const exit = await second.exited;
  const log = await second.logTail(400, 100_000);
  t.is(serverExit({ exit, ended: undefined, log, freeBytes: 1e9 }).why, 'address-in-use', 'etcd says it too');
});

onEach('data that another etcd works on is said before anything is started', async (t, version) => {
  await using place = await ServerPlace.make(version);
  const { pid } = await place.serve();
  const { folder, dataFolder } = place.options;
  await using other = await ServerPlace.make(version, { folder, dataFolder });
  const error = await t.throwsAsync(other.start({ kind: 'restart' }), { instanceOf: AgentError });
  t.is(error?.code, 'in-use');
  t.is(
    error?.message,
    `Process ${pid} uses the data in ${dataFolder} already: stop it, or choose another --prefix.`,
  );
});

onEach('data that cannot be read is told from other failures', async (t, version) => {
  await using place = await ServerPlace.make(version);
  await (await place.serve()).stop();
  await writeFile(path.join(place.options.dataFolder, 'member/snap/db'), Buffer.alloc(20_000));
  const server = await place.start({ kind: 'restart' });
  const error = await t.throwsAsync(server.ready({ signal }), { instanceOf: AgentError });
  t.is(server.exit?.why, 'corrupt');
  t.regex(error?.message ?? '', /ended before it served: exit code 2 \(its data cannot be read\)/);
  t.regex(error?.logTail ?? '', /^failed to open database: invalid database$/m);
});

onEach('a restart without its log makes no second cluster', async (t, version) => {
  await using place = await ServerPlace.make(version);
  await (await place.serve()).stop();
  await rm(path.join(place.options.dataFolder, 'member/wal'), { recursive: true });
  const server = await place.start({ kind: 'restart' });
  const error = await t.throwsAsync(server.ready({ signal }), { instanceOf: AgentError });
  t.regex(error?.logTail ?? '', /cannot fetch cluster info/);
});

onEach('a server that hangs is killed, and says why', async (t, version) => {
  const said: string[] = [];
  await using place = await ServerPlace.make(version, {
    log: (level, message) => said.push(`${level}: ${message}`),
    watchdog: { intervalMs: 200, maxSilenceMs: 1000 },
  });
  const server = await place.serve();
  process.kill(server.pid ?? 0, 'SIGSTOP');
  t.like(await server.exited, { signal: 'SIGKILL', why: 'hung' });
  t.deepEqual(said, ['error: the etcd server of h1 has not answered for 1 s; killing it']);
  await place.serve({ kind: 'restart' });
});

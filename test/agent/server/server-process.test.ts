import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { classifyServerExit } from '../../../agent/cluster/server/classify-server-exit.js';
import { etcdArguments } from '../../../agent/cluster/server/etcd/etcd-arguments.js';
import type { ServerProcess } from '../../../agent/cluster/server/server-process.js';
import { AgentError } from '../../../agent/errors.js';
import { Child } from '../../../agent/processes/child-process.js';
import { Client, WorldError } from '../../../world/index.js';
import { newCluster } from '../helpers/new-cluster.js';
import { ServerPlace } from '../helpers/server.js';

const signal = AbortSignal.timeout(120_000);
const hasty = { intervalMs: 200, maxSilenceMs: 1000 };

for (const version of ['3.4', '3.5'] as const) {
  let place: ServerPlace;
  let server: ServerProcess;
  const on = (title: string, run: (t: ExecutionContext) => Promise<void>) =>
    test.serial(`etcd ${version}: ${title}`, run);

  test.before(async () => {
    place = await ServerPlace.make(version);
  });
  test.after.always(() => place?.[Symbol.asyncDispose]());

  on('the first server serves, stops when told and comes back as the same member', async (t) => {
    const first = await place.start();
    const status = await first.ready({ signal });
    t.is(status.leader, status.memberId);
    t.is(first.exit, undefined);
    t.is((await first.stop()).why, 'stopped');
    server = await place.start({ kind: 'restart' });
    const { memberId, clusterId } = await server.ready({ signal });
    t.deepEqual({ memberId, clusterId }, { memberId: status.memberId, clusterId: status.clusterId });
  });

  on('an address that another program has is said before anything is started', async (t) => {
    const error = await t.throwsAsync(place.start({ kind: 'restart' }), { instanceOf: AgentError });
    t.is(error?.code, 'in-use');
    t.regex(error?.message ?? '', /cannot listen on http:\/\/127\.0\.0\.1:\d+: another program/);
    const second = await Child.start({
      argv: [place.options.program, ...etcdArguments({ ...place.options, start: await newCluster() })],
      cwd: place.options.folder,
      environment: process.env,
      logFile: path.join(place.options.folder, 'second.log'),
    });
    const exit = await second.exited;
    const log = await second.logTail(400, 100_000);
    t.is(
      classifyServerExit({ exit, ended: undefined, log, freeBytes: 1e9 }).why,
      'address-in-use',
      'etcd says it too',
    );
  });

  on('data that another etcd works on is said before anything is started', async (t) => {
    const { folder, dataFolder } = place.options;
    await using other = await ServerPlace.make(version, { folder, dataFolder });
    const error = await t.throwsAsync(other.start({ kind: 'restart' }), { instanceOf: AgentError });
    t.is(error?.code, 'in-use');
    const expected = `Process ${server.pid} is already using the data in ${dataFolder}: stop it, or choose another --prefix.`;
    t.is(error?.message, expected);
  });

  on('a server that hangs is killed, and says why', async (t) => {
    await server.stop();
    const said: string[] = [];
    const log = (level: string, message: string) => said.push(`${level}: ${message}`);
    const hanging = await place.serve({ kind: 'restart' }, { log, silenceTimes: hasty });
    process.kill(hanging.pid ?? 0, 'SIGSTOP');
    t.like(await hanging.exited, { signal: 'SIGKILL', why: 'hung' });
    t.deepEqual(said, ['error: the etcd server of h1 has not answered for 1 s; killing it']);
    server = await place.serve({ kind: 'restart' });
  });

  on('a server that is ended by somebody else was not removed', async (t) => {
    process.kill(server.pid ?? 0, 'SIGTERM');
    t.like(await server.exited, { signal: 'SIGTERM', why: 'other' });
  });

  on('data that cannot be read is told from other failures', async (t) => {
    await writeFile(path.join(place.options.dataFolder, 'member/snap/db'), Buffer.alloc(20_000));
    server = await place.start({ kind: 'restart' });
    const error = await t.throwsAsync(server.ready({ signal }), { instanceOf: AgentError });
    t.is(server.exit?.why, 'corrupt');
    t.regex(error?.message ?? '', /exited before it was ready: exit code 2, its data is corrupt/);
    t.regex(error?.logTail ?? '', /^failed to open database: invalid database$/m);
  });

  on('a restart without its log makes no second cluster', async (t) => {
    await rm(path.join(place.options.dataFolder, 'member/wal'), { recursive: true });
    await rm(path.join(place.options.dataFolder, 'member/snap/db'));
    server = await place.start({ kind: 'restart' });
    const error = await t.throwsAsync(server.ready({ signal }), { instanceOf: AgentError });
    t.regex(error?.logTail ?? '', /cannot fetch cluster info/);
  });

  on('without network it serves on unix sockets, also after it was killed', async (t) => {
    await using alone = await ServerPlace.make(version, { unix: true });
    const first = await alone.serve();
    t.is(first.clientEndpoint, `unix://${alone.options.folder}/client:0`);
    first.kill();
    t.is((await first.exited).signal, 'SIGKILL');
    t.true((await readdir(alone.options.folder)).includes('client:0'), 'the socket is left behind');
    await alone.serve({ kind: 'restart' });
  });

  on('a list that is not the cluster’s, a lost quorum and a removal are told apart', async (t) => {
    await using first = await ServerPlace.make(version);
    await using second = await ServerPlace.make(version, { name: 'h2' });
    const leader = await first.serve();
    const h1 = { name: 'h1', peerUrls: first.options.advertisedServerUrls };
    const h2 = { name: 'h2', peerUrls: second.options.advertisedServerUrls };
    const early = await second.start({ kind: 'join', members: [h1, h2] });
    const error = await t.throwsAsync(early.ready({ signal }), { instanceOf: AgentError });
    t.is(error?.code, 'server-failed');
    t.is(early.exit?.why, 'unequal-members');
    t.regex(error?.logTail ?? '', /member count is unequal/);

    await using client = Client.create({ endpoints: [leader.clientEndpoint] });
    const { id } = await client.cluster.memberAdd(h2.peerUrls, { learner: true });
    await rm(second.options.dataFolder, { recursive: true, force: true });
    const learner = await second.start({ kind: 'join', members: [h1, h2] });
    t.true((await learner.ready({ signal })).isLearner);
    await promoted(client, id);
    leader.kill();
    await Promise.all([leader.exited, learner.stop()]);

    const alone = await second.start({ kind: 'restart' }, { silenceTimes: hasty });
    const late = await t.throwsAsync(alone.ready({ signal, timeoutMs: 1_500 }), { instanceOf: AgentError });
    t.regex(late?.message ?? '', /of h2 was not ready within 1\.5 s/);
    t.is(alone.exit, undefined, 'nobody kills a server that waits for the others');
    await first.serve({ kind: 'restart' });
    t.false((await alone.ready({ signal })).isLearner);

    // With the ordinary watchdog: a server that is closing does not answer for a moment.
    await alone.stop();
    const patient = await second.serve({ kind: 'restart' });
    await client.cluster.memberRemove(id, { signal });
    t.like(await patient.exited, { code: 0, why: 'removed' });
    const stale = await second.start({ kind: 'restart' });
    t.is((await stale.exited).why, 'removed', 'the same when it was removed while it was away');
  });
}

/** etcd refuses until the learner has caught up, and says no more than that. */
async function promoted(client: Client, id: string): Promise<void> {
  for (;;) {
    try {
      return await client.cluster.memberPromote(id, { signal });
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
    }
  }
}

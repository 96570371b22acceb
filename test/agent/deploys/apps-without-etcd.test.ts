import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { ProcessMark, SERVER_MARK } from '../../../agent/processes/process-mark.js';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { WorldError } from '../../../world/index.js';
import { hawser } from '../../cli/helpers/hawser.js';
import { answerAt, answers, appFolder, deployTo, httpCheck } from '../helpers/app-folder.js';
import { startAgain, startClient } from '../helpers/client-host.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

test.serial(
  'an app runs at once while etcd is away, also one whose deploy the log has lost, and the host catches up later',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const [h1] = (await agents.start('h1')) as [LocalAgent];
    const h2 = await startClient(agents, 'h2', [h1]);
    const port = await freePort();
    const only2 = (answer: string) =>
      `[ $HAWSER_HOSTNAME = h1 ] && exec sleep 1000; exec node server.mjs ${answer} ${port}`;
    const good = await deployTo(h1, await appFolder(t, { run: ['sh', '-c', only2('one')] }));
    t.is(good.code, 0, good.stderr);
    t.is((await deployTo(h1, await appFolder(t, { run: ['false'], settle: '20s' }))).code, 5);
    await answers(port, 'one', h2);
    t.is((await hawser(['deploys', 'prune', '--keep', '1', '--seeds', h1.clientUrl])).code, 0);

    await h2.kill();
    await h1.stop();
    startAgain(h2, [h1]);
    await answers(port, 'one', h2);
    h1.start();
    await agents.registered('h1', 'h2');
    t.is(await answerAt(port), 'one');

    const next = await deployTo(h1, await appFolder(t, { run: ['sh', '-c', only2('two')] }));
    t.is(next.code, 0, next.stderr);
    await answers(port, 'two', h2);
    t.true(h1.isRunning && h2.isRunning);
  },
);

test.serial(
  'apps go on while etcd is full, and what happened meanwhile is reported when there is room',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const small = path.join(agents.folder, 'small-etcd');
    const { etcd } = await resolveEtcd('3.5');
    await writeFile(small, `#!/bin/sh\nexec ${etcd} --quota-backend-bytes=16777216 "$@"\n`);
    await chmod(small, 0o755);
    const h1 = await agents.add('h1', { etcd: small });
    h1.start();
    await agents.registered('h1');
    const port = await freePort();
    const good = await deployTo(h1, await appFolder(t, { run: ['node', 'server.mjs', 'one', String(port)] }));
    t.is(good.code, 0, good.stderr);

    const waits = `until [ -e ${agents.folder}/go ]; do sleep 0.05; done; exec node server.mjs two ${port}`;
    const folder = await appFolder(t, { run: ['sh', '-c', waits], health: httpCheck(port) });
    t.is((await deployTo(h1, folder, '--no-wait')).code, 0);
    await agents.eventually(
      'h1 tries the second deploy',
      async () => (await agents.hosts('/reports/2/')).length > 0,
    );
    await fill(agents);
    await writeFile(path.join(agents.folder, 'go'), '');
    await answers(port, 'two', h1);
    await h1.logged(/retrying until it works: .*(full|space)/i);

    await agents.etcdctl(h1, 'del', '--prefix', '/_mgmt/ballast/');
    const status = JSON.parse(await agents.etcdctl(h1, 'endpoint', 'status', '-w', 'json'));
    await agents.etcdctl(h1, 'compact', String(status[0].Status.header.revision));
    await agents.etcdctl(h1, 'defrag');
    await agents.etcdctl(h1, 'alarm', 'disarm');
    await agents.eventually('the report is there', async () => {
      const report = await agents.client.get('/reports/2/h1');
      return JSON.parse(report?.value.toString() ?? '{}').state === 'healthy';
    });
    t.is(await answerAt(port), 'two');
    t.true(h1.isRunning);
  },
);

/** Writes until etcd takes no more. */
async function fill(agents: LocalAgents): Promise<void> {
  const value = Buffer.alloc(1_000_000, 'x');
  for (let number = 0; ; number += 1)
    try {
      await agents.client.set(`/ballast/${number}`, value);
    } catch (error) {
      if (error instanceof WorldError && error.code === 'no-space') return;
      throw error;
    }
}

test.serial('an etcd that a killed agent has left behind is known as its own, and ended', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [h1] = (await agents.start('h1')) as [LocalAgent];
  await agents.voting('h1');
  await agents.client.set('/kept', 'by the one before');
  const [etcd] = await h1.etcds();
  const [, ...args] = (await readFile(`/proc/${etcd?.pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  await h1.stop();
  const { value } = await ProcessMark.of(h1.prefix);
  const left = spawn((await resolveEtcd('3.5')).etcd, args, {
    env: { ...h1.environment, PATH: process.env['PATH'], [SERVER_MARK]: value },
    cwd: path.join(h1.prefix, 'etcd'),
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(left, 'exit');
  await agents.etcdctlAnswers(h1);
  h1.start();
  await h1.logged(/killing orphaned etcd processes of an earlier agent: \d+ \(etcd\)/);
  t.deepEqual(await ended, [null, 'SIGKILL']);
  await h1.votes();
  t.is((await agents.client.get('/kept'))?.value.toString(), 'by the one before');
});

test.serial('an app goes on where the host cannot take part in the cluster any more', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [h1] = (await agents.start('h1')) as [LocalAgent];
  await agents.registered('h1');
  const port = await freePort();
  const good = await deployTo(h1, await appFolder(t, { run: ['node', 'server.mjs', 'one', String(port)] }));
  t.is(good.code, 0, good.stderr);
  await h1.stop();
  const snap = path.join(h1.prefix, 'etcd', 'data', 'member', 'snap', 'db');
  const whole = await readFile(snap);
  await writeFile(snap, 'spoilt');
  h1.start();
  await h1.logged(/The apps keep running; rejoining the fleet in/);
  t.is(await answerAt(port), 'one');
  t.true(h1.isRunning);
  await writeFile(snap, whole);
  await h1.votes();
  t.is(await answerAt(port), 'one');
});

test.serial('what fails to be removed after a failed deploy keeps nothing from running', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [h1] = (await agents.start('h1')) as [LocalAgent];
  await agents.registered('h1');
  const h2 = await agents.add('h2');
  // As somebody else than root, whom a directory without write permission stops.
  await mkdir(h2.prefix, { mode: 0o700 });
  await chmod(agents.folder, 0o755);
  const asOther = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', '--'] : [];
  if (asOther.length > 0) await chown(h2.prefix, 65534, 0);
  const place = ['--hostname', 'h2', '--prefix', h2.prefix];
  h2.run([...place, '--no-server', '--seeds', h1.clientUrl], {}, asOther);
  await agents.registered('h2');
  const port = await freePort();
  const run = ['sh', '-c', `[ $HAWSER_HOSTNAME = h1 ] && exec sleep 1000; exec node server.mjs one ${port}`];
  const good = await deployTo(h1, await appFolder(t, { run }));
  t.is(good.code, 0, good.stderr);

  const folder = await appFolder(t, { run: ['sh', '-c', 'sleep 0.1; exit 3'], settle: '20s' });
  await mkdir(path.join(folder, 'closed'));
  await writeFile(path.join(folder, 'closed', 'file'), 'x');
  await chmod(path.join(folder, 'closed'), 0o555);
  t.teardown(() => chmod(path.join(folder, 'closed'), 0o755));
  const bad = await deployTo(h1, folder);
  t.is(bad.code, 5);
  t.regex(bad.stderr, /it exited \(exit code 3\)\. Deploy 1 is running again/);
  await answers(port, 'one', h2);
  await agents.eventually('the bad release is gone', async () => {
    const left = await readdir(path.join(h2.prefix, 'apps', 'app', 'releases'));
    return left.join() === '1';
  });
});

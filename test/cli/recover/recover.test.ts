import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ServerReport } from '../../../agent/control/control-protocol.js';
import { PrefixLock } from '../../../agent/control/prefix-lock.js';
import { EtcdWorld } from '../../../world/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

/** A host that one really gets into through SSH, with an agent's control socket; its etcd is played, until it is "rebuilt". */
let sshd: Sshd;
let etcd: Etcd;
let prefix: string;
let socket: PrefixLock;
let asked: string[];
let server: ServerReport;
/** What the agent says, each time that it is asked. */
let state: () => ServerReport;

test.before(async () => {
  [sshd, etcd] = await Promise.all([Sshd.start(), Etcd.start()]);
});
test.after.always(async () => {
  await sshd?.[Symbol.asyncDispose]();
  await etcd?.[Symbol.asyncDispose]();
});

test.serial.beforeEach(async () => {
  prefix = await mkdtemp(path.join(tmpdir(), 'hawser-recover-'));
  asked = [];
  const members = ['1', '2', '3'].map((id) => ({ id, name: `h${id}`, peerUrls: [] }));
  const cluster = {
    clusterId: '7',
    memberId: '1',
    raftTerm: '4',
    raftIndex: '812',
    revision: '100',
    members,
  };
  server = { state: 'no-quorum', ...cluster, dataFolder: true, dbSizeBytes: 20_480, clientUrls: [etcd.url] };
  state = () => server;
  socket = await PrefixLock.open(prefix, {
    log: () => {},
    state: () => ({ hostname: 'h1', pid: process.pid, version: '1', server: state() }),
    rejoin: async () => {},
    restore: async () => {},
    rebuild: async () => {
      asked.push('rebuild');
      server = { ...server, state: 'voter', members: members.slice(0, 1) };
      await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
      await world.client.set('/volunteer/h1', 'http://127.0.0.1:2380');
    },
  });
});
test.serial.afterEach.always(async () => {
  await socket.close();
  await rm(prefix, { recursive: true, force: true });
});

function sshUrl(): string {
  const { user, host, port } = sshd.destination;
  return `${user}@${host}:${port}`;
}

function recoverArguments(...more: string[]): string[] {
  const ssh = ['--ssh-known-hosts', sshd.knownHostsFile, '--ssh-id', sshd.identityFile];
  return ['members', 'recover', '--prefix', prefix, '--ssh-url', sshUrl(), ...ssh, ...more];
}

test.serial(
  'without a terminal and without --yes it shows the plan, changes nothing and exits with 4',
  async (t) => {
    const { code, stdout, stderr } = await hawser(
      recoverArguments('--ssh-url', `${sshUrl().split(':')[0]}:1`),
    );
    t.is(code, 4, stderr);
    t.regex(stdout, /h1 +up, pid \d+ +no-quorum +100 +4 +812 +20 kB/);
    t.regex(stdout, /:1 +out of reach/);
    t.regex(stdout, /h1 has the best data to rebuild from/);
    t.regex(stdout, /Warning: 2 of 3 members \(h2, h3\) cannot be reached/);
    t.regex(stderr, /Nothing was changed/);
    t.deepEqual(asked, []);
  },
);

test.serial('with a fleet file it goes to its hosts, all or those that are selected', async (t) => {
  const cwd = await temporaryFolder(t);
  const hostKey = await sshd.hostKey();
  const hosts = {
    h1: { ssh: sshUrl(), 'host-key': hostKey, labels: { role: 'db' } },
    h2: { ssh: 'root@127.0.0.1:1', 'host-key': hostKey },
  };
  await writeFile(path.join(cwd, 'prod.yaml'), JSON.stringify({ hosts, 'ssh-id': sshd.identityFile }));
  const call = (...more: string[]) =>
    hawser(['members', 'recover', '--prefix', prefix, '--fleet', 'prod.yaml', ...more], { cwd });
  const all = await call();
  t.is(all.code, 4, all.stderr);
  t.regex(all.stdout, /^h1 +up.*\nh2 +out of reach/m);
  const selected = await call('role=db');
  t.is(selected.code, 4, selected.stderr);
  t.regex(selected.stdout, /^h1 +up/m);
  t.notRegex(selected.stdout, /out of reach/);
  const unknown = await call('h3');
  t.is(unknown.code, 2, unknown.stderr);
  t.regex(unknown.stderr, /No host of the fleet is called h3 \(did you mean "h1"\?\)/);
  const nameless = await hawser(recoverArguments('h1'), { cwd });
  t.is(nameless.code, 2, nameless.stderr);
  t.regex(nameless.stderr, /Cannot look up h1: /);
  t.deepEqual(asked, []);
});

test.serial(
  'with --yes it rebuilds, waits until the cluster is complete, and says so as one JSON value',
  async (t) => {
    const { code, stdout, stderr } = await hawser(recoverArguments('--yes', '--json'));
    t.is(code, 0, stderr);
    t.deepEqual(asked, ['rebuild']);
    const { hosts, plan, recovered, members } = JSON.parse(stdout);
    t.is(hosts[0].agent.server.raftIndex, '812');
    t.like(plan, { kind: 'rebuild', base: sshUrl() });
    t.true(recovered);
    t.deepEqual(
      members.map(({ name }: { name: string }) => name),
      ['m1'],
    );
  },
);

test.serial('a cluster with a quorum is refused with exit 4, --yes or not', async (t) => {
  server = { ...server, state: 'voter' };
  const { code, stderr } = await hawser(recoverArguments('--yes', '--json'));
  t.is(code, 4);
  t.deepEqual(JSON.parse(stderr).error, {
    code: 'has-quorum',
    message: 'The cluster has a quorum: there is nothing to recover.',
  });
  t.deepEqual(asked, []);
});

test.serial(
  'a quorum that comes back between the plan and its execution stops it, with exit 4',
  async (t) => {
    const lost = server;
    let answers = 0;
    state = () => (answers++ === 0 ? lost : { ...lost, state: 'voter' });
    const { code, stderr } = await hawser(recoverArguments('--yes', '--json'));
    t.is(code, 4, stderr);
    t.is(JSON.parse(stderr).error.code, 'has-quorum');
    t.deepEqual(asked, []);
  },
);

test.serial('on a terminal it asks, and Enter alone changes nothing', async (t) => {
  const terminal = hawserInTerminal(t, recoverArguments(), { cwd: await temporaryFolder(t) });
  await terminal.shows(/Rebuild the cluster as shown\? \(y\/N\)/);
  terminal.type('\r');
  t.is(await terminal.exited, 1);
  t.regex(terminal.screen(), /Nothing was changed/);
  t.deepEqual(asked, []);
});

test.serial('on a terminal, yes rebuilds', async (t) => {
  const terminal = hawserInTerminal(t, recoverArguments(), { cwd: await temporaryFolder(t) });
  await terminal.shows(/Rebuild the cluster as shown\? \(y\/N\)/);
  terminal.type('y\r');
  t.is(await terminal.exited, 0, terminal.screen());
  t.regex(terminal.screen(), /The cluster is working again: 1 server \(m1\)/);
  t.deepEqual(asked, ['rebuild']);
});

test.serial(
  'the hosts of hawser.yaml are asked where none is named; one without an agent is shown as such',
  async (t) => {
    const folder = await temporaryFolder(t);
    const config = {
      'ssh-hosts': [sshUrl()],
      'ssh-id': sshd.identityFile,
      'ssh-known-hosts': sshd.knownHostsFile,
    };
    await writeFile(path.join(folder, 'hawser.yaml'), JSON.stringify(config));
    const elsewhere = path.join(prefix, 'elsewhere');
    const recover = ['members', 'recover', '--prefix', elsewhere];
    t.is((await hawser(recover, { cwd: folder })).code, 4, 'the directory is not trusted');
    t.is((await hawser(['trust'], { cwd: folder })).code, 0);
    const { code, stdout, stderr } = await hawser(recover, { cwd: folder });
    t.is(code, 1, stderr);
    t.regex(stdout, /^\S+ +none\n/m);
    t.regex(stderr, /No agent could be reached/);
  },
);

test.serial('no host at all, and a prefix that is not absolute, are wrong usage', async (t) => {
  const none = await hawser(['members', 'recover'], { cwd: await temporaryFolder(t) });
  t.is(none.code, 2);
  t.regex(none.stderr, /Name the hosts/);
  t.is((await hawser(recoverArguments('--prefix', 'here'))).code, 2);
});

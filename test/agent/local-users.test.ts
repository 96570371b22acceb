import { execFile } from 'node:child_process';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { hawser } from '../cli/helpers/hawser.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import type { LocalAgent } from './helpers/local-agent.js';
import { LocalAgents } from './helpers/local-agents.js';

/** A user that is nobody's, where we may become others; else ourselves without any way into our directories is not to be had. */
const otherUser = [
  'setpriv',
  '--reuid',
  '65534',
  '--regid',
  '65534',
  '--clear-groups',
  '--no-new-privs',
  '--',
];
const connectTo = `
  const socket = require('node:net').connect(process.argv[1]);
  socket.on('connect', () => { console.log('entered'); process.exit(0); });
  socket.on('error', ({ code }) => { console.log(code); process.exit(0); });`;

/** What another local user is told who connects to a socket. */
async function asOther(socketPath: string): Promise<string> {
  // Beneath /tmp, where everybody finds it.
  const [program = '', ...args] = [...otherUser, process.execPath, '-e', connectTo, socketPath];
  const { stdout } = await promisify(execFile)(program, args, { cwd: '/' });
  return stdout.trim();
}

/** The TCP ports at which the processes of an agent listen. */
async function listeningPorts(agent: LocalAgent): Promise<number[]> {
  const inodes = new Set<string>();
  for (const { pid } of agent.processes())
    for (const fd of await readdir(`/proc/${pid}/fd`))
      inodes.add(
        /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))?.[1] ?? '',
      );
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  const sockets = tables
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/));
  return sockets
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
    .map(([, local]) => Number.parseInt(local?.split(':')[1] ?? '', 16));
}

for (const version of ['3.4', '3.5'] as const)
  test.serial(
    `etcd ${version}: by default only the agent's own user enters its etcd, also through SSH`,
    async (t) => {
      await using agents = await LocalAgents.create(version);
      const folder = await mkdtemp(path.join(tmpdir(), 'hawser-open-'));
      t.teardown(() => rm(folder, { recursive: true, force: true }));
      await promisify(execFile)('chmod', ['0755', folder]);
      const prefix = path.join(folder, 'h1');
      const agent = await agents.add('h1', { prefix });
      const socket = path.join(prefix, 'etcd.sock');
      agent.run(['--hostname', 'h1', '--prefix', prefix, '--new-cluster']);
      await agent.votes();
      t.notRegex(agent.log, / warn /);
      t.deepEqual(await listeningPorts(agent), []);
      t.is((await stat(prefix)).mode & 0o777, 0o700);
      t.true((await stat(socket)).isSocket());
      for (const way of [socket, path.join(prefix, 'etcd', 'client:0'), path.join(prefix, 'agent.sock')])
        if (process.geteuid?.() === 0) t.is(await asOther(way), 'EACCES', way);
      t.regex(await agents.etcdctl(`unix://${socket}`, 'put', '/x', '1'), /OK/);
      t.is((await hawser(['str', 'set', 'motd', 'near', '--seeds', `unix://${socket}`])).code, 0);
      await using sshd = await Sshd.start();
      const { user, host, port } = sshd.destination;
      for (const transport of ['ssh2', 'openssh']) {
        const way = [
          '--ssh-url',
          `${user}@${host}:${port}`,
          '--ssh-id',
          sshd.identityFile,
          '--transport',
          transport,
        ];
        const ssh = [...way, '--ssh-known-hosts', sshd.knownHostsFile, '--seeds', `unix://${socket}`];
        const got = await hawser(['str', 'get', 'motd', ...ssh]);
        t.is(got.stdout, 'near\n', got.stderr);
      }
      t.deepEqual(await agent.stop(), { code: 0, signal: null });
      await t.throwsAsync(lstat(socket), { code: 'ENOENT' });
      await agent.gone();
      agent.run(['--hostname', 'h1', '--prefix', prefix]);
      await agent.votes();
      await agent.kill();
      agent.run(['--hostname', 'h1', '--prefix', prefix]);
      await agent.votes();
    },
  );

test.serial(
  'what is open to others is said once, a web page gets nothing, and a wider door is not opened unasked',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const [agent] = await agents.start('h1');
    if (agent === undefined) return t.fail();
    await agents.voting('h1');
    t.is(agent.log.split(`${agent.clientUrl} is open to every local user of this host`).length, 2);
    for (const [at, body] of [
      ['/v3/kv/put', { key: 'L3g=', value: 'MQ==' }],
      ['/v3/kv/range', { key: 'AA==', range_end: 'AA==' }],
      ['/v3beta/kv/put', { key: 'L3g=', value: 'MQ==' }],
      ['/v3/kv/txn', { success: [{ request_put: { key: 'L3g=', value: 'MQ==' } }] }],
    ] as const) {
      const asked = request(`${agent.clientUrl}${at}`, { method: 'POST' }).end(JSON.stringify(body));
      const status = await new Promise((resolve) =>
        asked.on('response', (answer) => resolve(answer.resume().statusCode)),
      );
      t.is(status, 404, at);
    }
    t.is(await agents.etcdctl(agent, 'get', '/x'), '');

    const wide = await agents.add('wide');
    for (const urls of [
      ['--client-urls', 'http://0.0.0.0:2479', '--advertise-client-urls', wide.clientUrl],
      ['--server-urls', 'http://0.0.0.0:2480', '--advertise-server-urls', wide.serverUrl],
    ]) {
      wide.run(wide.flags([], urls));
      t.is((await wide.ended()).code, 4);
      await wide.logged(/require client certificates .* or pass --insecure/);
    }
    t.deepEqual(wide.processes(), []);
  },
);

test.serial(
  'a socket for clients is put where nobody else can put another, and nothing of others is lost',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const agent = await agents.add('h1');
    const at = (name: string) => path.join(agents.folder, name);
    const run = async (socket: string) => {
      const from = agent.log.length;
      agent.run([
        '--hostname',
        'h1',
        '--prefix',
        agent.prefix,
        '--new-cluster',
        '--client-urls',
        `unix://${socket}`,
      ]);
      const { code } = await agent.ended();
      return `${code}: ${agent.log.slice(from)}`;
    };
    await writeFile(at('file'), 'kept');
    t.regex(await run(at('file')), /^2: .*is not a socket/s);
    t.is(await readFile(at('file'), 'utf8'), 'kept');
    await mkdir(at('open'));
    await promisify(execFile)('chmod', ['0777', at('open')]);
    t.regex(await run(path.join(at('open'), 's')), /^4: .*Other users can write to/s);
    await symlink(at('nowhere'), at('stale'));
    agent.run([
      '--hostname',
      'h1',
      '--prefix',
      agent.prefix,
      '--new-cluster',
      '--client-urls',
      `unix://${at('stale')}`,
    ]);
    await agent.votes();
    t.regex(await agents.etcdctl(`unix://${at('stale')}`, 'put', '/x', '1'), /OK/);
    const second = await agents.add('h2');
    second.run([
      '--hostname',
      'h2',
      '--prefix',
      second.prefix,
      '--new-cluster',
      '--client-urls',
      `unix://${at('stale')}`,
    ]);
    t.is((await second.ended()).code, 1);
    await second.logged(/Another server is at/);
    t.regex(await agents.etcdctl(`unix://${at('stale')}`, 'get', '/x'), /1/);
  },
);

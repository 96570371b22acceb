import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Examination } from '../../../cli/doctor/examine.js';
import { OLD_SSHD } from '../../../fixtures/fleet/ssh/sshd-profiles.js';
import { Client } from '../../../world/index.js';
import { SshAgent } from '../../tunnel/helpers/ssh-agent.js';
import { makeKey, Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { etcdctl } from '../../world/helpers/etcdctl.js';
import { hawser } from '../helpers/hawser.js';
import { type Examined, examineHost } from './examined.js';

const run = promisify(execFile);
const [user, nowhere] = [userInfo().username, '00000000-0000-4000-8000-000000000000'];

let sshd: Sshd;
let etcd: Etcd;
let folder: string;
const servers: { server: Server; sockets: Set<Socket> }[] = [];
/** What each broken set-up was told. */
const told = new Map<string, string>();

test.before(async () => {
  [sshd, etcd] = await Promise.all([Sshd.start(['MaxStartups 100']), Etcd.start()]);
  folder = await mkdtemp(path.join(tmpdir(), 'doctor-'));
  await using client = Client.create({ endpoints: [etcd.url], namespace: '/_mgmt' });
  await client.set('/hawser/fleet', JSON.stringify({ uuid: nowhere.replace('4', '5'), generation: 1 }));
});
test.after.always(async () => {
  for (const { server, sockets } of servers) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  await Promise.all([sshd?.[Symbol.asyncDispose](), etcd?.[Symbol.asyncDispose]()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** What is true of a host on which nothing is wrong; each test breaks one thing. */
function well(): Examined {
  return {
    host: `${user}@127.0.0.1:${sshd.port}`,
    sshKnownHosts: [sshd.knownHostsFile],
    sshId: [sshd.identityFile],
    seeds: [etcd.url],
  };
}

/** Expects the walk to stop at a check, with a sentence and a remedy that no other set-up was given. */
function expectProblem(
  t: ExecutionContext,
  { problem, checks }: Examination,
  [check, code, message, remedy]: readonly [check: string, code: string, message: RegExp, remedy: RegExp],
): void {
  t.like(problem, { check, code }, JSON.stringify(checks.at(-1)));
  t.regex(problem?.message ?? '', message);
  t.regex(problem?.remedy ?? '', remedy);
  const sentence = problem?.message.replaceAll(/\d{4,}|SHA256:\S+/g, '') ?? '';
  t.false([...told.values()].includes(sentence), `${t.title} is told the same as another`);
  told.set(t.title, sentence);
}

/** A port that does something to whoever connects. */
async function listen(greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  servers.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('it listens on TCP');
  return address.port;
}

test.serial('a host on which nothing is wrong passes every check', async (t) => {
  await using client = Client.create({ endpoints: [etcd.url], namespace: '/_mgmt' });
  const { packageVersion } = await import('../../../base/package-version.js');
  const { AGENT_PROTOCOL } = await import('../../../agent/constants.js');
  const agent = {
    hostname: 'm1',
    instance: 'a',
    version: packageVersion(),
    pid: 1,
    startedAt: '2026-01-01T00:00:00Z',
  };
  await client.set('/agents/m1', JSON.stringify({ ...agent, protocol: AGENT_PROTOCOL }));
  const { problem, checks } = await examineHost(well());
  t.is(problem, undefined, JSON.stringify(problem));
  const states = new Map(checks.map(({ check, finding }) => [check, finding.state]));
  t.deepEqual([...states.keys()].length, 16);
  for (const check of [
    'tcp',
    'banner',
    'host-key',
    'login',
    'commands',
    'disk',
    'clock',
    'forwarding',
    'etcd',
    'agent',
    'version',
  ])
    t.is(states.get(check), 'ok', check);
  const said = checks.map(({ finding }) => (finding.state === 'wrong' ? '' : finding.said)).join('\n');
  t.true(said.includes(`${sshd.knownHostsFile}:1`), 'the line of known_hosts');
  t.true(said.includes(await sshd.fingerprint()), "the host key's fingerprint");
  t.regex(said, /with \S+\/id \(SHA256:[^)]+\)/);
});

test.serial('a name that does not exist', async (t) => {
  const found = await examineHost({ ...well(), host: `${user}@no-such-host.invalid` });
  expectProblem(t, found, [
    'name',
    'unknown-name',
    /no host with the name no-such-host\.invalid/,
    /ssh\/config/,
  ]);
  t.true(found.isUnreachable);
});

test.serial('a port at which nothing listens', async (t) => {
  const port = await listen(() => undefined);
  const { server } = servers.at(-1) ?? {};
  server?.close();
  const found = await examineHost({ ...well(), host: `${user}@127.0.0.1:${port}` });
  expectProblem(t, found, [
    'tcp',
    'nothing-listens',
    /Nothing listens at 127\.0\.0\.1:\d+/,
    /systemctl start ssh/,
  ]);
});

const greetings: readonly (readonly [string, string | undefined, readonly [string, RegExp, RegExp]])[] = [
  ['a server that closes at once', '', ['hangs-up', /closes them at once, without a word/, /fail2ban/]],
  ['a server that hangs before its banner', undefined, ['silent-server', /then says nothing/, /restart ssh/]],
  [
    'a server that is no SSH server',
    'HTTP/1.1 400 Bad\x1b[31m\r\n',
    ['not-ssh', /is no SSH server: it says "HTTP\/1\.1 400/, /Correct the port/],
  ],
  [
    'a server that turns logins away',
    'Exceeded MaxStartups\r\n',
    ['too-many-logins', /MaxStartups/, /raise MaxStartups/],
  ],
  [
    'a server that holds failed logins against this address',
    'Not allowed at this time\r\n',
    ['penalised', /PerSourcePenalties/, /Wait a few minutes/],
  ],
  [
    'a server of the last century',
    'SSH-1.5-OpenSSH_1.2\r\n',
    ['old-protocol', /only protocol 1\.5/, /Update its SSH server/],
  ],
];
for (const [title, words, [code, message, remedy]] of greetings) {
  test.serial(title, async (t) => {
    const port = await listen((socket) => {
      if (words !== undefined) socket.end(words);
    });
    const found = await examineHost({ ...well(), host: `${user}@127.0.0.1:${port}`, timeout: 400 });
    expectProblem(t, found, ['banner', code, message, remedy]);
  });
}

test.serial('sshd itself, when too many logins are in progress', async (t) => {
  await using full = await Sshd.start(['MaxStartups 1:100:1']);
  const waiting = connect(full.port, '127.0.0.1');
  await once(waiting, 'data');
  const found = await examineHost({ ...well(), host: `${user}@127.0.0.1:${full.port}` });
  waiting.destroy();
  t.like(found.problem, { check: 'banner', code: 'too-many-logins' });
});

test.serial('an SSH server with old algorithms only', async (t) => {
  await using old = await Sshd.start(OLD_SSHD.config.trim().split('\n'), { hostKeyType: 'rsa' });
  const found = await examineHost({ ...well(), host: `${user}@127.0.0.1:${old.port}` });
  expectProblem(t, found, [
    'key-exchange',
    'no-common-algorithm',
    /offers no key exchange/,
    /KexAlgorithms \+NAME/,
  ]);
});

test.serial('a host key that nobody knows', async (t) => {
  const found = await examineHost({ ...well(), sshKnownHosts: [path.join(folder, 'none')] });
  expectProblem(t, found, [
    'host-key',
    'host-key-unknown',
    /is not known/,
    /ssh -p \d+ \S+@127\.0\.0\.1 true/,
  ]);
});

test.serial('a host key that has changed, with the line of known_hosts', async (t) => {
  const other = path.join(folder, 'other-key');
  await makeKey(other);
  const { stdout } = await run('cat', [`${other}.pub`]);
  const file = path.join(folder, 'known-changed');
  await writeFile(file, `# first\n[127.0.0.1]:${sshd.port} ${stdout}`);
  const found = await examineHost({ ...well(), sshKnownHosts: [file] });
  expectProblem(t, found, [
    'host-key',
    'host-key-changed',
    new RegExp(`${file}:2 says SHA256:`),
    new RegExp(`ssh-keygen -f ${file} -R '\\[127`),
  ]);
});

test.serial('a host key other than in the fleet file, with its line', async (t) => {
  const { stdout } = await run('cat', [`${path.join(folder, 'other-key')}.pub`]);
  const [type, key] = stdout.split(' ');
  const file = path.join(folder, 'fleet.yaml');
  await writeFile(
    file,
    `name: prod\nhosts:\n  web1:\n    ssh: ${user}@127.0.0.1:${sshd.port}\n    host-key: ${type} ${key}\n`,
  );
  const found = await examineHost({ ...well(), fleet: file, host: 'web1' });
  expectProblem(t, found, [
    'host-key',
    'host-key-changed',
    new RegExp(`${file}:5 says SHA256:`),
    /hawser fleet edit/,
  ]);
});

test.serial('a host key that is revoked', async (t) => {
  const file = path.join(folder, 'known-revoked');
  await writeFile(file, `@revoked * ${await sshd.hostKey()}\n`);
  const found = await examineHost({ ...well(), sshKnownHosts: [file] });
  expectProblem(t, found, [
    'host-key',
    'host-key-revoked',
    new RegExp(`is revoked in ${file}:1`),
    /ssh-keygen -A/,
  ]);
});

test.serial('a key that is in no authorized_keys, by name and fingerprint', async (t) => {
  const key = path.join(folder, 'stranger');
  await makeKey(key);
  const found = await examineHost({ ...well(), sshId: [key] });
  expectProblem(t, found, [
    'login',
    'login-refused',
    /refused \S+stranger \(SHA256:\S+\) for .*authorized_keys/,
    /ssh-copy-id -i \S+stranger -p \d+/,
  ]);
});

test.serial('a user whom sshd does not let in', async (t) => {
  await using denying = await Sshd.start([`DenyUsers ${user}`]);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${denying.port}`,
    sshKnownHosts: [denying.knownHostsFile],
    sshId: [denying.identityFile],
  });
  t.like(found.problem, { check: 'login', code: 'login-refused' });
  t.regex(found.problem?.message ?? '', /DenyUsers/);
});

test.serial('a server that takes passwords only', async (t) => {
  await using strict = await Sshd.start([
    'PubkeyAuthentication no',
    'PasswordAuthentication yes',
    'PermitRootLogin yes',
  ]);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${strict.port}`,
    sshKnownHosts: [strict.knownHostsFile],
  });
  expectProblem(t, found, [
    'login',
    'no-public-keys',
    /takes no keys, only password/,
    /PubkeyAuthentication/,
  ]);
});

test.serial('too many keys before the right one', async (t) => {
  await using strict = await Sshd.start(['MaxAuthTries 1']);
  const keys = [path.join(folder, 'first'), path.join(folder, 'second')];
  for (const key of keys) await makeKey(key);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${strict.port}`,
    sshKnownHosts: [strict.knownHostsFile],
    sshId: [...keys, strict.identityFile],
  });
  expectProblem(t, found, ['login', 'too-many-keys', /MaxAuthTries/, /IdentitiesOnly yes/]);
});

test.serial('no key at all', async (t) => {
  const { sshId: _, ...rest } = well();
  const config = path.join(folder, 'no-keys');
  await writeFile(config, `IdentityFile ${folder}/absent\nIdentityAgent none\n`);
  const found = await examineHost({ ...rest, sshConfig: config });
  expectProblem(t, found, [
    'login',
    'no-key',
    /no private key to log in .* with: this machine has none/,
    /ssh-keygen -t ed25519/,
  ]);
});

test.serial('a key that is locked, with no SSH agent', async (t) => {
  const key = path.join(folder, 'locked');
  await makeKey(key, { passphrase: 'x' });
  const config = path.join(folder, 'locked-config');
  await writeFile(config, `IdentityFile ${key}\nIdentityAgent none\n`);
  const { sshId: _, ...rest } = well();
  const found = await examineHost({ ...rest, sshConfig: config });
  expectProblem(t, found, [
    'login',
    'key-locked',
    /locked \(SHA256:.*no SSH agent is running/,
    /ssh-add \S+locked/,
  ]);
});

test.serial('a key that is locked, and not in the SSH agent', async (t) => {
  await using agent = await SshAgent.start();
  const config = path.join(folder, 'agent-config');
  await writeFile(config, `IdentityFile ${folder}/locked\nIdentityAgent ${agent.socketPath}\n`);
  const { sshId: _, ...rest } = well();
  const found = await examineHost({ ...rest, sshConfig: config });
  expectProblem(t, found, [
    'login',
    'key-locked',
    /the SSH agent does not have it/,
    /once: ssh-add \S+locked/,
  ]);
});

test.serial('an SSH agent that is gone', async (t) => {
  const config = path.join(folder, 'gone-config');
  await writeFile(config, `IdentityFile ${folder}/absent\nIdentityAgent ${folder}/no-agent\n`);
  const { sshId: _, ...rest } = well();
  const found = await examineHost({ ...rest, sshConfig: config });
  expectProblem(t, found, [
    'login',
    'agent-unreachable',
    /SSH agent at \S+no-agent does not answer/,
    /ssh-agent/,
  ]);
});

test.serial('a key that others can read', async (t) => {
  const key = path.join(folder, 'open');
  await copyFile(sshd.identityFile, key);
  await chmod(key, 0o644);
  const found = await examineHost({ ...well(), sshId: [key] });
  expectProblem(t, found, ['login', 'key-too-open', /can be read by other users/, /^chmod 600 \S+open$/]);
});

test.serial('a certificate that has expired', async (t) => {
  const [key, authority] = [path.join(folder, 'signed'), path.join(folder, 'authority')];
  await Promise.all([makeKey(key), makeKey(authority)]);
  await run('ssh-keygen', [
    '-q',
    '-s',
    authority,
    '-I',
    'ann',
    '-n',
    user,
    '-V',
    '20200101:20200201',
    `${key}.pub`,
  ]);
  await using trusting = await Sshd.start([`TrustedUserCAKeys ${authority}.pub`]);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${trusting.port}`,
    sshKnownHosts: [trusting.knownHostsFile],
    sshId: [key],
  });
  expectProblem(t, found, [
    'login',
    'certificate-expired',
    /signed-cert\.pub expired on 2020-0[12]-\d\d/,
    /signed again/,
  ]);
});

test.serial('a key that may not run commands', async (t) => {
  await using forced = await Sshd.start(['ForceCommand /bin/false']);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${forced.port}`,
    sshKnownHosts: [forced.knownHostsFile],
    sshId: [forced.identityFile],
  });
  expectProblem(t, found, ['commands', 'no-commands', /cannot run commands there/, /ForceCommand/]);
  t.false(found.isUnreachable);
});

test.serial('a socket that is missing', async (t) => {
  const found = await examineHost({ ...well(), seeds: [`unix://${folder}/none.sock`] });
  expectProblem(t, found, ['socket', 'socket-missing', /no socket of etcd at \S+none\.sock/, /--seeds unix/]);
});

test.serial('a socket that is a file', async (t) => {
  const file = path.join(folder, 'file.sock');
  await writeFile(file, '');
  const found = await examineHost({ ...well(), seeds: [`unix://${file}`] });
  expectProblem(t, found, ['socket', 'not-a-socket', /is no socket/, new RegExp(`rm ${file}`)]);
});

test.serial('a socket at which nobody listens', async (t) => {
  const [live, dead] = [path.join(folder, 'live.sock'), path.join(folder, 'dead.sock')];
  const server = createServer().listen(live);
  await once(server, 'listening');
  await rename(live, dead);
  server.close();
  await once(server, 'close');
  const found = await examineHost({ ...well(), seeds: [`unix://${dead}`] });
  expectProblem(t, found, ['socket', 'socket-dead', /nobody listens at it/, /Start the agent/]);
});

test.serial('an SSH server that forwards no sockets', async (t) => {
  const file = path.join(folder, 'served.sock');
  const server = createServer().listen(file);
  await once(server, 'listening');
  await using strict = await Sshd.start(['AllowStreamLocalForwarding no']);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${strict.port}`,
    sshKnownHosts: [strict.knownHostsFile],
    sshId: [strict.identityFile],
    seeds: [`unix://${file}`],
  });
  server.close();
  expectProblem(t, found, [
    'forwarding',
    'stream-forwarding-forbidden',
    /AllowStreamLocalForwarding/,
    /AllowStreamLocalForwarding local/,
  ]);
});

test.serial('an SSH server that forwards nothing', async (t) => {
  await using strict = await Sshd.start(['AllowTcpForwarding no']);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${strict.port}`,
    sshKnownHosts: [strict.knownHostsFile],
    sshId: [strict.identityFile],
  });
  expectProblem(t, found, [
    'forwarding',
    'forwarding-forbidden',
    /forbids all forwarding of TCP/,
    /AllowTcpForwarding local/,
  ]);
});

test.serial('an SSH server that forwards elsewhere only', async (t) => {
  await using strict = await Sshd.start(['PermitOpen 127.0.0.1:1']);
  const found = await examineHost({
    ...well(),
    host: `${user}@127.0.0.1:${strict.port}`,
    sshKnownHosts: [strict.knownHostsFile],
    sshId: [strict.identityFile],
  });
  expectProblem(t, found, [
    'forwarding',
    'forwarding-limited',
    /forwards, but not to 127\.0\.0\.1:\d+/,
    /PermitOpen 127/,
  ]);
});

test.serial('an etcd that does not listen', async (t) => {
  const found = await examineHost({ ...well(), seeds: ['http://127.0.0.1:1'] });
  expectProblem(t, found, [
    'forwarding',
    'etcd-not-listening',
    /Nothing listens at http:\/\/127\.0\.0\.1:1/,
    /ss -ltnp/,
  ]);
});

test.serial('an etcd that hangs', async (t) => {
  const port = await listen(() => undefined);
  const found = await examineHost({ ...well(), seeds: [`http://127.0.0.1:${port}`], timeout: 700 });
  expectProblem(t, found, ['etcd', 'etcd-silent', /accepts connections but does not answer/, /journalctl/]);
});

test.serial('an etcd without a majority', async (t) => {
  await using alone = await Etcd.start();
  // A voter that never starts takes the majority away at once.
  await etcdctl(alone, 'member', 'add', 'm2', '--peer-urls=http://127.0.0.1:1');
  await using client = Client.create({ endpoints: [alone.url] });
  while ((await client.cluster.status()).leader !== '0')
    await new Promise((resolve) => setImmediate(resolve));
  const found = await examineHost({ ...well(), seeds: [alone.url] });
  expectProblem(t, found, [
    'etcd',
    'no-quorum',
    /has no leader: 2 of its 2 members/,
    /hawser members recover/,
  ]);
});

test.serial('an etcd whose quota is reached', async (t) => {
  await using full = await Etcd.start(['--quota-backend-bytes', '100000']);
  await using client = Client.create({ endpoints: [full.url] });
  await t.throwsAsync(async () => {
    for (let n = 0; ; n += 1) await client.set(`/k${n}`, 'x'.repeat(50_000));
  });
  const found = await examineHost({ ...well(), seeds: [full.url] });
  expectProblem(t, found, [
    'etcd',
    'alarm-nospace',
    /database of m1 has reached its quota/,
    /^hawser members defrag$/,
  ]);
});

test.serial('an etcd of another fleet', async (t) => {
  const found = await examineHost({ ...well(), fleetId: { uuid: nowhere, generation: 1 } });
  expectProblem(t, found, ['fleet', 'other-fleet', /another fleet's than 00000000/, /fleet-id/]);
});

test.serial('another namespace', async (t) => {
  const found = await examineHost({ ...well(), namespace: '/_other' });
  expectProblem(t, found, [
    'fleet',
    'namespace',
    /Below \/_other etcd holds no fleet, but below \/_mgmt/,
    /--namespace \/_mgmt/,
  ]);
});

test.serial('agents of another version, and one that is gone while etcd lives', async (t) => {
  await using client = Client.create({ endpoints: [etcd.url], namespace: '/_mgmt' });
  const agent = { hostname: 'm1', instance: 'a', pid: 1, startedAt: '2026-01-01T00:00:00Z' };
  await client.set('/agents/m1', JSON.stringify({ ...agent, version: '99.0.0', protocol: 99 }));
  const newer = await examineHost(well());
  expectProblem(t, newer, [
    'version',
    'newer-agent',
    /m1 runs hawser 99\.0\.0 .*does not fully support/,
    /^npm install -g hawser$/,
  ]);
  await client.set('/agents/m1', JSON.stringify({ ...agent, version: '0.0.1' }));
  const older = await examineHost(well());
  expectProblem(t, older, [
    'version',
    'older-agent',
    /m1 runs hawser 0\.0\.1 .*older than/,
    /^hawser upgrade/,
  ]);
  await client.txn({
    success: [
      { delete: '/agents/m1' },
      { put: '/agents/m9', value: JSON.stringify({ ...agent, hostname: 'm9', version: '1' }) },
    ],
  });
  const gone = await examineHost(well());
  expectProblem(t, gone, ['agent', 'agent-gone', /the agent of m1 is not alive/, /systemctl restart hawser/]);
});

test.serial('each of at least 25 broken set-ups was told something of its own', (t) => {
  t.true(told.size >= 25, `${told.size}`);
});

test.serial(
  'the command says the first problem of each host in full, and its exit code is true',
  async (t) => {
    const file = path.join(folder, 'two.yaml');
    const at = (port: number, key: string) => `ssh: ${user}@127.0.0.1:${port}\n    host-key: ${key}`;
    const hosts = `  web1:\n    ${at(sshd.port, await sshd.hostKey())}\n  web2:\n    ${at(1, await sshd.hostKey())}\n`;
    await writeFile(
      file,
      `name: prod\nhosts:\n${hosts}seeds: ['${etcd.url}']\nssh-id: [${sshd.identityFile}]\n`,
    );
    const flags = ['--fleet', file, '--ssh-config', 'none', '--timeout', '5s'];
    const both = await hawser(['doctor', ...flags]);
    t.is(both.code, 1, both.stderr);
    t.regex(
      both.stdout,
      /^web1 .* WRONG +\S+\nweb2 .* WRONG +nothing-listens\n\nweb1: .*\nTo mend it: .*\n\nweb2: Nothing listens .*\nTo mend it: .*hawser down web2 --gone\n\n2 of 2 hosts need attention\.\n$/m,
    );
    const one = await hawser(['doctor', 'web2', '--json', ...flags]);
    t.is(one.code, 3);
    t.like(JSON.parse(one.stdout), {
      ok: false,
      hosts: [{ host: 'web2', problem: { code: 'nothing-listens', check: 'tcp' } }],
    });
    const unknown = await hawser(['doctor', 'wbe1', ...flags]);
    t.is(unknown.code, 2);
    t.regex(unknown.stderr, /No host of the fleet is called wbe1/);
  },
);

import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { isPermanent } from '../../../tunnel/errors.js';
import { Tunnel, type TunnelOptions } from '../../../tunnel/index.js';
import { refused } from '../helpers/logins.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { makeKey, Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const run = promisify(execFile);

async function opened(t: ExecutionContext, options: TunnelOptions): Promise<Tunnel> {
  const tunnel = await Tunnel.open(options);
  t.teardown(() => tunnel.close());
  return tunnel;
}

test.serial('a known host lets us in and says by which destination', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await opened(t, sshd.options);
  t.is(tunnel.state.status, 'connected');
  t.deepEqual(tunnel.state.via, sshd.destination);
});

test.serial('a host known by a hashed name only lets us in', async (t) => {
  await using sshd = await Sshd.start();
  await run('ssh-keygen', ['-H', '-f', sshd.knownHostsFile]);
  t.regex(await readFile(sshd.knownHostsFile, 'utf8'), /^\|1\|/);
  await using tunnel = await opened(t, sshd.options);
  t.is(tunnel.state.status, 'connected');
});

test.serial(
  'an unknown host is refused before we authenticate, with its fingerprint and the way to trust it',
  async (t) => {
    await using sshd = await Sshd.start();
    await writeFile(sshd.knownHostsFile, '');
    const error = await refused(t, sshd.options, 'host-key-unknown');
    t.is(error.fingerprint, await sshd.fingerprint());
    t.true(error.message.includes(`ssh -p ${sshd.port} `), error.message);
    t.true(error.message.includes(await sshd.fingerprint()));
    t.false(
      sshd.log.some((line) => /Accepted|Failed|authenticating/.test(line)),
      sshd.log.join('\n'),
    );
  },
);

test.serial('a known_hosts file that does not exist makes every host unknown', async (t) => {
  await using sshd = await Sshd.start();
  await refused(t, { ...sshd.options, knownHostsFiles: [join(sshd.folder, 'none')] }, 'host-key-unknown');
});

test.serial(
  'a host with another key than the known one is refused, naming both keys and the line',
  async (t) => {
    await using sshd = await Sshd.start();
    const before = await sshd.fingerprint();
    await writeFile(
      sshd.knownHostsFile,
      `# a comment\n[127.0.0.1]:${sshd.port} ${await sshd.hostKey()} note\n`,
    );
    await sshd.restart({ newHostKey: true });
    const error = await refused(t, sshd.options, 'host-key-changed');
    t.is(error.fingerprint, await sshd.fingerprint());
    t.deepEqual(error.expectedFingerprints, [before]);
    t.is(error.file, sshd.knownHostsFile);
    t.is(error.line, 2);
    t.true(error.message.includes(`ssh-keygen -f ${sshd.knownHostsFile} -R '[127.0.0.1]:${sshd.port}'`));
  },
);

test.serial('a revoked key is refused even when it is known and pinned', async (t) => {
  await using sshd = await Sshd.start();
  const hostKey = await sshd.hostKey();
  await appendFile(sshd.knownHostsFile, `@revoked * ${hostKey}\n`);
  const error = await refused(t, { ...sshd.options, hostKey }, 'host-key-revoked');
  t.is(error.line, 2);
});

for (const form of ['fingerprint', 'line', 'blob'] as const) {
  test.serial(`a pinned key (${form}) is enough, and the only one accepted`, async (t) => {
    await using sshd = await Sshd.start();
    const line = await sshd.hostKey();
    const forms = { fingerprint: await sshd.fingerprint(), line, blob: line.split(' ')[1] ?? '' };
    await using tunnel = await opened(t, { ...sshd.options, knownHostsFiles: [], hostKey: forms[form] });
    t.is(tunnel.state.status, 'connected');
    await sshd.stop();
    await sshd.restart({ newHostKey: true });
    await sshd.trustHostKey();
    await refused(t, { ...sshd.options, hostKey: forms[form] }, 'host-key-changed');
  });
}

test.serial("a destination's own pin is preferred to the common one", async (t) => {
  await using sshd = await Sshd.start();
  const hostKey = `SHA256:${'A'.repeat(43)}`;
  const destinations = [{ ...sshd.destination, hostKey: await sshd.hostKey() }];
  await using tunnel = await opened(t, { ...sshd.options, destinations, hostKey, knownHostsFiles: [] });
  t.is(tunnel.state.status, 'connected');
});

test.serial('of several host keys the host presents the one that is known', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'host-keys-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const rsa = join(folder, 'rsa');
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', rsa]);
  await using sshd = await Sshd.start([`HostKey ${rsa}`]);
  await writeFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${await readFile(`${rsa}.pub`, 'utf8')}`);
  await using tunnel = await opened(t, sshd.options);
  t.is(tunnel.state.status, 'connected');
});

test.serial('an identity that the host does not know is refused, naming the identities tried', async (t) => {
  await using sshd = await Sshd.start();
  const stranger = join(sshd.folder, 'stranger');
  await makeKey(stranger);
  const error = await refused(t, { ...sshd.options, identityFiles: [stranger] }, 'auth-failed');
  t.deepEqual(error.tried, [stranger]);
  t.true(error.message.includes(stranger));
});

test.serial('too many refused identities count as a failed login', async (t) => {
  await using sshd = await Sshd.start(['MaxAuthTries 2']);
  const strangers = [1, 2, 3, 4].map((n) => join(sshd.folder, `stranger${n}`));
  for (const file of strangers) await makeKey(file);
  await refused(t, { ...sshd.options, identityFiles: strangers }, 'auth-failed');
});

test.serial('without any identity the login fails and says so', async (t) => {
  await using sshd = await Sshd.start();
  const error = await refused(t, { ...sshd.options, identityFiles: [] }, 'auth-failed');
  t.regex(error.message, /no identity to offer/);
});

test.serial('an identity asked for that cannot be used is an error that names it', async (t) => {
  await using sshd = await Sshd.start();
  const encrypted = join(sshd.folder, 'encrypted');
  await makeKey(encrypted, { passphrase: 'secret phrase' });
  const absent = join(sshd.folder, 'absent');
  const broken = join(sshd.folder, 'broken');
  await writeFile(broken, '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
  for (const file of [encrypted, absent, broken, `${sshd.identityFile}.pub`]) {
    const error = await refused(t, { ...sshd.options, identityFiles: [file] }, 'bad-identity');
    t.is(error.file, file);
  }
});

test.serial('optional identities that are absent or encrypted are skipped', async (t) => {
  await using sshd = await Sshd.start();
  const encrypted = join(sshd.folder, 'encrypted');
  await makeKey(encrypted, { passphrase: 'secret phrase' });
  const optionalIdentityFiles = [join(sshd.folder, 'absent'), encrypted, sshd.identityFile];
  await using tunnel = await opened(t, { ...sshd.options, identityFiles: [], optionalIdentityFiles });
  t.is(tunnel.state.status, 'connected');
});

test.serial('a key in the SSH agent gets in', async (t) => {
  await using sshd = await Sshd.start();
  await using agent = await SshAgent.start();
  await agent.add(sshd.identityFile);
  await using tunnel = await opened(t, { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath });
  t.is(tunnel.state.status, 'connected');
});

test.serial('an SSH agent that is not there does not keep a key file from being tried', async (t) => {
  await using sshd = await Sshd.start();
  const agentSocket = join(sshd.folder, 'no-agent');
  const options = { ...sshd.options, identityFiles: [], optionalIdentityFiles: [sshd.identityFile] };
  await using tunnel = await opened(t, { ...options, agentSocket });
  t.is(tunnel.state.status, 'connected');
});

test.serial('an SSH agent that never answers is dropped when the time is over', async (t) => {
  await using sshd = await Sshd.start();
  await using agent = await SshAgent.start();
  await agent.add(sshd.identityFile);
  agent.freeze();
  const options = { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath };
  await refused(t, { ...options, connectTimeoutMs: 500 }, 'unreachable');
});

for (const [title, greeting] of [
  ['hangs up at once', ''],
  ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['is full', 'Exceeded MaxStartups\r\n'],
  ['says hello only', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['talks nonsense', `SSH-2.0-OpenSSH_9.2\r\n${'nonsense'.repeat(1_000)}`],
] as const) {
  test.serial(`a server that ${title} counts as unreachable, which passes`, async (t) => {
    await using server = await Target.start((socket) => socket.end(greeting));
    const error = await refused(
      t,
      {
        destinations: [{ user: 'root', ...server.address }],
        knownHostsFiles: [],
        identityFiles: [],
      },
      'unreachable',
    );
    t.false(isPermanent(error));
  });
}

test.serial('a host name that does not exist is unreachable', async (t) => {
  const destinations = [{ user: 'root', host: 'host.invalid', port: 22 }];
  const error = await refused(t, { destinations, knownHostsFiles: [], identityFiles: [] }, 'unreachable');
  t.is(error.host, 'root@host.invalid:22');
});

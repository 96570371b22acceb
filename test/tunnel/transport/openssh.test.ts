import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type LogLevel, Tunnel, TunnelError } from '../../../tunnel/index.js';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { setEnvironment } from '../../fixtures/helpers/environment.js';
import { Authority } from '../helpers/authority.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { readAll, Target } from '../helpers/target.js';

const program = fileURLToPath(new URL('../helpers/programs/tunnel-user.js', import.meta.url));

test.serial('a user certificate gets in, and auto says why it takes OpenSSH for that', async (t) => {
  await using authority = await Authority.start();
  // With the key exchange that servers choose by themselves, which the other tests leave out for its cost.
  await using sshd = await Sshd.start([...authority.config, 'KexAlgorithms +curve25519-sha256']);
  const said: string[] = [];
  const log = (level: LogLevel, message: string) => void (level === 'info' && said.push(message));
  const identity = await authority.certifiedIdentity(sshd.destination.user);
  const destination = resolved(sshd, { ...identity, needsOpenSsh: ['it has a certificate'] });
  await using tunnel = await Tunnel.open({ destinations: [destination], log });
  t.is(await answerThrough(tunnel), 'through');
  t.regex(said.join(), /OpenSSH's ssh: it has a certificate/);
});

test.serial(
  'a host known by a certificate authority is let through with a certificate for its name alone',
  async (t) => {
    await using authority = await Authority.start();
    await using sshd = await Sshd.start(authority.config);
    await authority.certifyHost(sshd, '127.0.0.1');
    await authority.trustedBy(sshd);
    {
      await using tunnel = await Tunnel.open(sshd.options);
      t.is(await answerThrough(tunnel), 'through');
    }
    await authority.certifyHost(sshd, 'somebody.else');
    const error = await t.throwsAsync(Tunnel.open(sshd.options), { instanceOf: TunnelError });
    t.is(error.code, 'host-key-unknown');
  },
);

test.serial(
  'where ssh2 was asked for, a host that needs OpenSSH is refused, naming the reason',
  async (t) => {
    await using sshd = await Sshd.start();
    const destinations = [resolved(sshd, { needsOpenSsh: ['PKCS11Provider is set'] })];
    const opening = Tunnel.open({ destinations, transport: 'ssh2' });
    const error = await t.throwsAsync(opening, { instanceOf: TunnelError });
    t.is(error.code, 'bad-destination');
    t.regex(error.message, /PKCS11Provider is set/);
  },
);

test.serial('without an ssh program the error says why one is needed', async (t) => {
  await using sshd = await Sshd.start();
  const destinations = [resolved(sshd, { needsOpenSsh: ['PKCS11Provider is set'] })];
  setEnvironment(t, { PATH: sshd.folder });
  const error = await t.throwsAsync(Tunnel.open({ destinations }), { instanceOf: TunnelError });
  t.is(error.code, 'bad-destination');
  t.regex(error.message, /PKCS11Provider is set.*Install/);
});

test.serial(
  'each host on the way is verified by itself, and named when it is not who it should be',
  async (t) => {
    await using outer = await Sshd.start();
    await using inner = await Sshd.start();
    await using last = await Sshd.start();
    const jumps = [resolved(outer), resolved(inner, { hostKey: await inner.fingerprint() })];
    const through = (given: readonly ResolvedDestination[]) =>
      Tunnel.open({ destinations: [resolved(last, { jumps: given })], transport: 'openssh' });
    {
      await using tunnel = await through(jumps);
      t.is(await answerThrough(tunnel), 'through');
    }
    t.true(inner.log.some((line) => line.includes('Accepted publickey')));
    await inner.restart({ newHostKey: true });
    const error = await t.throwsAsync(through(jumps), { instanceOf: TunnelError });
    t.is(error.code, 'host-key-changed');
    t.regex(error.host, new RegExp(`:${inner.port}$`));
  },
);

test.serial('a path with blanks and percent signs is a path', async (t) => {
  await using sshd = await Sshd.start();
  const identity = join(sshd.folder, `an "identity" of 100%h`);
  await copyFile(sshd.identityFile, identity);
  const known = join(sshd.folder, "known hosts of 5%d'");
  await copyFile(sshd.knownHostsFile, known);
  const destination = resolved(sshd, {
    identityFiles: [identity],
    requiredIdentityFiles: [identity],
    knownHostsFiles: [known],
  });
  const jump = { ...destination };
  const destinations = [{ ...destination, jumps: [jump] }];
  await using tunnel = await Tunnel.open({ destinations, transport: 'openssh' });
  t.is(await answerThrough(tunnel), 'through');
});

test.serial('a path that ssh would read a variable in is refused', async (t) => {
  await using sshd = await Sshd.start();
  const identityFiles = [join(sshd.folder, `an \${HOME}`)];
  const opening = Tunnel.open({ ...sshd.options, identityFiles, transport: 'openssh' });
  const error = await t.throwsAsync(opening, { instanceOf: TunnelError });
  t.is(error.code, 'bad-destination');
  t.regex(error.message, /an \$\{HOME\}/);
});

test.serial('a tunnel over OpenSSH comes back by itself', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, transport: 'openssh' });
  t.is(await answerThrough(tunnel), 'through');
  await sshd.killConnections();
  t.is(await answerThrough(tunnel), 'through');
  t.is(tunnel.state.status, 'connected');
});

test.serial('an ssh whose user was killed ends by itself', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  const options = { ...sshd.options, transport: 'openssh' };
  const child = spawn(
    process.execPath,
    [program, JSON.stringify({ ending: 'stay', options, target: target.address })],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      // Nobody is left to remove its private directories.
      env: { ...process.env, TMPDIR: sshd.folder },
    },
  );
  await once(createInterface({ input: child.stdout }), 'line');
  t.true(await sshd.hasConnections());
  child.kill('SIGKILL');
  t.true(await becomes(async () => !(await sshd.hasConnections())));
});

async function answerThrough(tunnel: Tunnel): Promise<string> {
  await using target = await Target.start((socket) => socket.end('through'));
  await using forward = await tunnel.forward(target.address);
  const answer = await readAll(connect(forward.address.slice('unix://'.length)));
  return String(answer);
}

/** Whether something becomes true within a generous time. */
async function becomes(holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await delay(100);
  }
  return false;
}

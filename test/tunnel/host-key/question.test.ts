import { execFile } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { addKnownHost } from '../../../tunnel/host-key/add-known-host.js';
import { parseKnownHosts } from '../../../tunnel/host-key/known-hosts.js';
import { type Ask, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { ed25519Key } from '../helpers/host-keys.js';
import { answering, connects, refused } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);

/** An sshd whose key is not known. */
async function strange(): Promise<Sshd> {
  const sshd = await Sshd.start();
  await rm(sshd.knownHostsFile);
  return sshd;
}

/** Whether OpenSSH, which is not to ask, connects with a known_hosts file. */
async function sshConnects(sshd: Sshd): Promise<void> {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${sshd.knownHostsFile}`];
  const { user, host, port } = sshd.destination;
  await run('ssh', [
    ...['-F', 'none', ...options.flatMap((one) => ['-o', one]), '-i', sshd.identityFile],
    ...['-p', String(port), `${user}@${host}`, 'true'],
  ]);
}

test.serial("yes to OpenSSH's question connects and makes the host known to OpenSSH too", async (t) => {
  await using sshd = await strange();
  const { ask, asked } = answering('yes');
  await connects(t, { ...sshd.options, ask });
  t.is(asked.length, 1);
  t.is(asked[0]?.kind, 'host-key');
  t.true(asked[0]?.text.includes(await sshd.fingerprint()));
  const name = `[127.0.0.1]:${sshd.port}`;
  const { stdout } = await run('ssh-keygen', ['-l', '-F', name, '-f', sshd.knownHostsFile]);
  t.true(stdout.includes(await sshd.fingerprint()), stdout);
  t.is((await stat(sshd.knownHostsFile)).mode & 0o777, 0o600);
  await sshConnects(sshd);
  await connects(t, { ...sshd.options, ask: () => t.fail() });
});

test.serial('the fingerprint typed is a yes; anything else is asked again', async (t) => {
  await using sshd = await strange();
  const { ask, asked } = answering('y', 'SHA256:wrong', await sshd.fingerprint());
  await connects(t, { ...sshd.options, ask });
  t.is(asked.length, 3);
  await sshConnects(sshd);
});

for (const answer of ['no', '', undefined]) {
  test.serial(
    `the answer ${JSON.stringify(answer)} refuses the host before we log in, and stores nothing`,
    async (t) => {
      await using sshd = await strange();
      const { ask } = answering(answer);
      const error = await refused(t, { ...sshd.options, ask }, 'host-key-unknown');
      t.is(error.fingerprint, await sshd.fingerprint());
      await t.throwsAsync(stat(sshd.knownHostsFile), { code: 'ENOENT' });
      t.false(sshd.log.some((line) => /Accepted|Failed|authenticating/.test(line)));
    },
  );
}

test.serial(
  'nothing is asked with StrictHostKeyChecking yes or BatchMode yes, and the remedy is named',
  async (t) => {
    await using sshd = await strange();
    const ask: Ask = () => t.fail();
    for (const overrides of [{ strictHostKeyChecking: 'yes' }, { batchMode: true }] as const) {
      const error = await refused(t, { destinations: [resolved(sshd, overrides)], ask }, 'host-key-unknown');
      t.regex(error.message, /connect once with "ssh /);
    }
  },
);

test.serial(
  'accept-new makes an unknown host known without a question, hashed where that is wanted',
  async (t) => {
    await using sshd = await strange();
    const file = join(sshd.folder, 'new', 'folder', 'known_hosts');
    const destination = resolved(sshd, {
      strictHostKeyChecking: 'accept-new',
      hashKnownHosts: true,
      knownHostsFiles: [file],
    });
    await connects(t, { destinations: [destination] });
    t.regex(await readFile(file, 'utf8'), /^\|1\|[^\n]+\n$/);
    const { stdout } = await run('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file]);
    t.true(stdout.includes('found: line 1'));
    t.is((await stat(join(sshd.folder, 'new', 'folder'))).mode & 0o777, 0o700);
  },
);

test.serial('accept-new still refuses a changed key and a revoked one', async (t) => {
  await using sshd = await Sshd.start();
  const destinations = [resolved(sshd, { strictHostKeyChecking: 'accept-new' })];
  const key = await sshd.hostKey();
  await sshd.restart({ newHostKey: true });
  const changed = await t.throwsAsync(Tunnel.open({ destinations }), { instanceOf: TunnelError });
  t.is(changed.code, 'host-key-changed');
  await writeFile(sshd.knownHostsFile, `@revoked * ${await sshd.hostKey()}\n`);
  const revoked = await t.throwsAsync(Tunnel.open({ destinations }), { instanceOf: TunnelError });
  t.is(revoked.code, 'host-key-revoked');
  t.not(await sshd.hostKey(), key);
});

test.serial('a host with an alias is known by it, whatever its port', async (t) => {
  await using sshd = await strange();
  const destination = resolved(sshd, { hostKeyAlias: 'Fleet-Host', strictHostKeyChecking: 'accept-new' });
  await connects(t, { destinations: [destination] });
  t.regex(await readFile(sshd.knownHostsFile, 'utf8'), /^fleet-host ssh-ed25519 /);
});

test.serial('the time that a person takes does not count', async (t) => {
  await using sshd = await strange();
  let answer = (_: string) => {};
  const ask: Ask = () =>
    new Promise((resolve) => {
      answer = resolve;
      // Longer than the limit; nothing but the limit could end the attempt meanwhile.
      setTimeout(() => answer('yes'), 1_500);
    });
  await connects(t, { ...sshd.options, ask, connectTimeoutMs: 1_000 });
});

test.serial('aborting takes the question back', async (t) => {
  await using sshd = await strange();
  const controller = new AbortController();
  const withdrawn = new Promise<void>((resolve) => {
    const ask: Ask = (_, { signal }) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      controller.abort(new Error('enough'));
      return new Promise(() => {});
    };
    void t.throwsAsync(Tunnel.open({ ...sshd.options, ask }, { signal: controller.signal }), {
      message: 'enough',
    });
  });
  await withdrawn;
});

test.serial('a host that hangs up while its key is asked about is unreachable', async (t) => {
  await using sshd = await strange();
  const ask: Ask = async (_, { signal }) => {
    await sshd.killConnections();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve('yes'), { once: true });
    });
  };
  await refused(t, { ...sshd.options, ask, transport: 'ssh2' }, 'unreachable');
});

test.serial('what a question rejects with ends the attempt with just that', async (t) => {
  await using sshd = await strange();
  const interrupt = new Error('interrupted');
  const ask: Ask = () => Promise.reject(interrupt);
  t.is(await t.throwsAsync(Tunnel.open({ ...sshd.options, ask })), interrupt);
});

test.serial('a line is added below an unfinished one, once', async (t) => {
  await using sshd = await Sshd.start();
  const line = `[127.0.0.1]:1 ${await sshd.hostKey()}`;
  await writeFile(sshd.knownHostsFile, line);
  const destinations = [resolved(sshd, { strictHostKeyChecking: 'accept-new' })];
  await connects(t, { destinations });
  await connects(t, { destinations });
  t.is(
    await readFile(sshd.knownHostsFile, 'utf8'),
    `${line}\n[127.0.0.1]:${sshd.port} ${await sshd.hostKey()}\n`,
  );
});

test.serial('many who add at the same time tear no line', async (t) => {
  await using sshd = await strange();
  const names = Array.from({ length: 40 }, (_, index) => `host-${index}`);
  const { key } = ed25519Key(1);
  await Promise.all(names.map((name) => addKnownHost(sshd.knownHostsFile, name, key, { hashed: false })));
  const lines = parseKnownHosts(await readFile(sshd.knownHostsFile, 'utf8'), 'f');
  t.deepEqual(lines.map(({ hosts }) => hosts).sort(), names.sort());
});

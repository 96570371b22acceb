import { lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { HostIdentity } from '../../../agent/deploys/secrets/host-identity.js';
import { hideSecrets } from '../../../agent/deploys/secrets/open-secrets.js';
import type { AppSecret, Manifest } from '../../../world/internal.js';
import { createIdentity, sealSecret } from '../../../world/internal.js';
import { AppHost, deployOf, type FollowedApp } from '../helpers/app-host.js';

const VALUE = 'correct horse\nbattery "staple" $HOME';

/** Stores a secret in etcd as `hawser secret set` would, for this host. */
async function set(host: AppHost, name: string, value: string | Buffer, place = { app: 'app', name }) {
  const { recipient } = await host.settings.identity.get();
  const ciphertext = await sealSecret(place, Buffer.from(value), [recipient]);
  const secret = { at: 'now', by: 'ann', hosts: { h1: recipient }, isText: true, ciphertext };
  host.stored.set(`/hawser/secrets/app/${name}`, JSON.stringify(secret));
}

function manifest(secrets: Readonly<Record<string, AppSecret>>, more: Partial<Manifest> = {}): Manifest {
  return { name: 'app', settleMs: 50, processes: { main: { run: ['sleep', '1000'] } }, secrets, ...more };
}

function deploy(host: AppHost, id: number, wanted: Manifest) {
  const entry = deployOf(id, wanted);
  host.store(entry, { version: String(id) });
  return entry;
}

async function variablesOf(app: FollowedApp): Promise<string[]> {
  const { pid } =
    (await app.state('it runs', ({ processes }) => processes['main']?.pid !== undefined)).processes['main'] ??
    {};
  return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
}

/** All that is below a directory, as one text. */
async function contentOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (
    await Promise.all(files.map((file) => readFile(path.join(file.parentPath, file.name), 'latin1')))
  ).join();
}

test('programs and hooks get secrets as variables and files, and nothing on disk shows a variable', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await set(host, 'PASSWORD', VALUE);
  await set(host, 'KEY', Buffer.from([0, 255, 10]));
  const seen = path.join(host.folder, 'seen');
  const prepare = {
    run: ['sh', '-c', 'printf %s "$PASSWORD" >$SEEN; cp "$HAWSER_SECRETS/KEY" $SEEN.key'] as const,
  };
  const wanted = manifest({ PASSWORD: {}, KEY: { as: 'file' } }, { hooks: { prepare }, env: { SEEN: seen } });
  const ended = await app.deploy(deploy(host, 1, wanted));
  t.is(ended.state, 'healthy', ended.message);
  t.is(await readFile(seen, 'utf8'), VALUE);
  t.deepEqual(await readFile(`${seen}.key`), Buffer.from([0, 255, 10]));
  const variables = await variablesOf(app);
  t.true(variables.includes(`PASSWORD=${VALUE}`));
  t.false(variables.some((one) => one.startsWith('KEY=')));
  const folder = app.app.releases.secretsOf('1');
  t.true(variables.includes(`HAWSER_SECRETS=${folder}`));
  t.is((await stat(path.join(folder, 'KEY'))).mode & 0o777, 0o400);
  t.is((await lstat(folder)).mode & 0o777, 0o700);
  t.is((await stat(path.join(host.settings.prefix, 'secrets', 'identity'))).mode & 0o777, 0o600);
  t.false((await contentOf(host.settings.prefix)).includes('battery'));
});

test('a release keeps the values that it was fetched with, also without etcd; a newer one gets newer ones', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await set(host, 'PASSWORD', 'first');
  t.is((await app.deploy(deploy(host, 1, manifest({ PASSWORD: {} })))).state, 'healthy');
  await set(host, 'PASSWORD', 'second');
  const bad = manifest(
    { PASSWORD: {} },
    { settleMs: 60_000, processes: { main: { run: ['sh', '-c', 'echo "$PASSWORD"; exit 3'] } } },
  );
  const failed = await app.deploy(deploy(host, 2, bad));
  t.is(failed.state, 'failed');
  t.is(failed.logTail, '***');
  t.false(JSON.stringify(app.reports).includes('second'));
  t.true((await variablesOf(app)).includes('PASSWORD=first'));
  t.is((await app.deploy(deploy(host, 3, manifest({ PASSWORD: {} })))).state, 'healthy');
  t.true((await variablesOf(app)).includes('PASSWORD=second'));
  await app.app.stop();
  host.stored.clear();
  const again = await host.app('app');
  t.true((await variablesOf(again)).includes('PASSWORD=second'));
});

test('files of the host count when it deploys, and files of secrets go with their release', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const from = path.join(host.folder, 'license');
  await writeFile(from, 'from the host');
  const wanted = manifest({ LICENSE: { from, as: 'file' } }, { keep: 1 });
  t.is((await app.deploy(deploy(host, 1, wanted))).state, 'healthy');
  const file = path.join(app.app.releases.secretsOf('1'), 'LICENSE');
  t.is(await readFile(file, 'utf8'), 'from the host');
  t.is((await app.deploy(deploy(host, 2, wanted))).state, 'healthy');
  t.is((await app.deploy(deploy(host, 3, wanted))).state, 'healthy');
  await t.throwsAsync(stat(file), { code: 'ENOENT' });
  await rm(from);
  const { state, message } = await app.deploy(deploy(host, 4, wanted));
  t.is(state, 'failed');
  t.true(
    message.includes(`The secret LICENSE is to come from ${from} on this host, which does not exist.`),
    message,
  );
  await mkdir(from);
  t.regex((await app.deploy(deploy(host, 5, wanted))).message, /cannot be read \(EISDIR\)/);
});

test('what a host cannot use is refused before anything changes, with what to do', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  let id = 0;
  const refused = async (expected: RegExp, secrets: Readonly<Record<string, AppSecret>> = { TOKEN: {} }) => {
    id += 1;
    const { state, step, message } = await app.deploy(deploy(host, id, manifest(secrets)));
    t.like({ state, step }, { state: 'failed', step: 'fetch' });
    t.regex(message, expected);
    t.false(message.includes('hush'), message);
  };
  await refused(/^The secret TOKEN is not set: run "hawser secret set TOKEN --app app", then deploy again\./);
  await set(host, 'TOKEN', 'hush\0hush');
  await refused(/^The secret TOKEN has bytes that no variable can hold: give it to the app as a file\./);
  await set(host, 'TOKEN', 'hush', { app: 'other', name: 'TOKEN' });
  await refused(/^This host cannot read the secret TOKEN, .* \(it was encrypted for another secret\): run/);
  const { recipient } = await createIdentity();
  const ciphertext = await sealSecret({ app: 'app', name: 'TOKEN' }, Buffer.from('hush'), [recipient]);
  const stored = { at: '', by: '', hosts: {}, isText: true, ciphertext };
  host.stored.set('/hawser/secrets/app/TOKEN', JSON.stringify(stored));
  await refused(/^This host cannot read the secret TOKEN, .* run "hawser secret set TOKEN --app app"/);
  host.stored.set('/hawser/secrets/app/TOKEN', JSON.stringify({ ...stored, ciphertext: 'aGk=' }));
  await refused(/^This host cannot read the secret TOKEN/);
  t.is(app.app.running, undefined);
});

test('a damaged key is said, and never replaced', async (t) => {
  const host = await AppHost.make(t);
  const { recipient } = await host.settings.identity.get();
  const { prefix } = host.settings;
  t.is((await new HostIdentity(prefix).get()).recipient, recipient);
  const file = path.join(prefix, 'secrets', 'identity');
  await writeFile(file, 'nonsense');
  await t.throwsAsync(new HostIdentity(prefix).get(), {
    message: /secrets\/identity, .* is damaged: restore it/,
  });
  t.is(await readFile(file, 'utf8'), 'nonsense');
});

test('what a program wrote is told without secrets', (t) => {
  const secrets = {
    variables: { A: 'hunter22', PIN: '123' },
    files: new Map([['K', Buffer.from('-----\nabcdef\n')]]),
  };
  t.is(hideSecrets('x hunter22 abcdef 123 hunter22', secrets), 'x *** *** 123 ***');
});

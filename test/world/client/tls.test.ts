import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { Client, EtcdWorld, SshWorld, type TlsOptions, WorldError } from '../../../world/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Authority, type Issued } from '../helpers/authority.js';
import { Etcd } from '../helpers/etcd.js';
import { take, takeKeys } from '../helpers/fleet.js';
import { Link } from '../helpers/link.js';

const names = ['IP:127.0.0.1', 'DNS:etcd.example'];

let ours: Authority;
let theirs: Authority;
let client: Issued;
/** Of another authority. */
let foreign: Issued;
let good: Issued;
/** What `open` serves with: etcd reads it anew for each connection. */
let served: Issued;
/** Wants client certificates. */
let strict: Etcd;
/** Wants none. */
let open: Etcd;

test.before(async () => {
  [ours, theirs] = await Promise.all([Authority.create(), Authority.create()]);
  good = await ours.issue(names);
  served = await ours.issue(names);
  client = await ours.issue(['DNS:operator']);
  foreign = await theirs.issue(['DNS:operator']);
  const flags = ({ certFile, keyFile }: Issued) => ['--cert-file', certFile, '--key-file', keyFile];
  [strict, open] = await Promise.all([
    Etcd.startSecure([...flags(good), '--client-cert-auth', '--trusted-ca-file', ours.caFile]),
    Etcd.startSecure(flags(served)),
  ]);
});

test.after.always(async () => {
  for (const each of [strict, open, ours, theirs]) await each[Symbol.asyncDispose]();
});

async function serve({ certFile, keyFile }: Issued): Promise<void> {
  await copyFile(certFile, served.certFile);
  await copyFile(keyFile, served.keyFile);
}

test.serial('everything works over TLS with certificates on both sides', async (t) => {
  const tls = { caFile: ours.caFile, ...client };
  const world = EtcdWorld.create({ seeds: [strict.url], hostname: 'h1', tls });
  await using _ = world;
  await world.strSet('motd', 'hello');
  t.is(await world.strGet('motd'), 'hello');
  t.is((await world.client.cluster.status(strict.url)).leader, (await world.members())[0]?.id ?? '');
  await using session = await world.client.session();
  const watch = world.client.watch({ key: '/w' });
  await take(watch);
  await world.client.set('/w', '', { lease: session.lease, bulk: true });
  t.deepEqual(await takeKeys(watch, 1), ['/w']);
  await watch.return?.();
});

interface Wrong {
  readonly tls: () => TlsOptions;
  readonly code: string;
  readonly message: RegExp;
  readonly endpoint?: () => string;
  readonly served?: () => Promise<Issued>;
}

const plainly = test.macro({
  exec: async (t, { tls, code, message, endpoint, served }: Wrong) => {
    await serve((await served?.()) ?? good);
    t.teardown(() => serve(good));
    await using client = Client.create({ endpoints: [(endpoint ?? (() => open.url))()], tls: tls() });
    // Far less than it may take: waiting helps nothing.
    const error = await t.throwsAsync(client.get('/k', { timeoutMs: 600_000 }), {
      instanceOf: WorldError,
      code,
      message,
    });
    t.notRegex(error?.message ?? '', /ERR_|SSL|routines|alert|Resolution/i);
    const write = client.txn({ success: [{ put: '/k', value: '' }] }, { timeoutMs: 30_000 });
    await t.throwsAsync(write, { instanceOf: WorldError, code, message });
  },
  title: (title = '') => `it is said plainly when ${title}`,
});

const trusting = (): TlsOptions => ({ caFile: ours.caFile });

test.serial('no authority was given', plainly, {
  tls: () => ({}),
  code: 'unavailable',
  message: /not signed by any of the default authorities.*--cacert/,
});
test.serial('another authority signed', plainly, {
  tls: () => ({ caFile: theirs.caFile }),
  code: 'unavailable',
  message: /not signed by .*ca\.pem/,
});
test.serial('the certificate is for another host', plainly, {
  tls: trusting,
  served: () => ours.issue(['DNS:elsewhere', 'IP:10.0.0.1']),
  code: 'unavailable',
  message: /is for elsewhere, 10\.0\.0\.1, not for 127\.0\.0\.1/,
});
test.serial('the certificate has expired', plainly, {
  tls: trusting,
  served: () => ours.issue(names, -1),
  code: 'unavailable',
  message: /has expired/,
});
test.serial('the server requires a client certificate', plainly, {
  tls: trusting,
  endpoint: () => strict.url,
  code: 'permission-denied',
  message: /requires a client certificate.*--cert and --key/,
});
test.serial('the server requires a client certificate of another authority', plainly, {
  tls: () => ({ ...trusting(), ...foreign }),
  endpoint: () => strict.url,
  code: 'permission-denied',
  message: /rejected the client certificate .*\.pem/,
});

test.serial('an etcd without TLS is named as the cause', async (t) => {
  await using plain = await Etcd.start();
  await using client = Client.create({ endpoints: [plain.url.replace('http:', 'https:')], tls: trusting() });
  await t.throwsAsync(client.get('/k', { timeoutMs: 3_000 }), {
    code: 'unavailable',
    message: /it closed the connection during the TLS handshake/,
  });
});

test.serial('another endpoint is used while one has an invalid certificate', async (t) => {
  await serve(await ours.issue(names, -1));
  t.teardown(() => serve(good));
  const tls = { caFile: ours.caFile, ...client };
  await using both = Client.create({ endpoints: [open.url, strict.url], tls });
  await both.set('/both', 'x');
  t.is((await both.get('/both'))?.value.toString(), 'x');
});

test.serial('the name to verify can be chosen', async (t) => {
  const endpoint = open.url.replace('127.0.0.1', 'localhost');
  await using wrong = Client.create({ endpoints: [endpoint], tls: trusting() });
  await t.throwsAsync(wrong.get('/k'), { code: 'unavailable', message: /not for localhost/ });
  await using right = Client.create({
    endpoints: [endpoint],
    tls: { ...trusting(), serverName: 'etcd.example' },
  });
  await t.notThrowsAsync(right.get('/k'));
});

test.serial('certificates that were replaced are used for the next connection', async (t) => {
  const [certFile, keyFile] = ['rotating.pem', 'rotating.key'].map((file) => path.join(ours.folder, file));
  if (certFile === undefined || keyFile === undefined) throw new Error('no files');
  await copyFile(client.certFile, certFile);
  await copyFile(client.keyFile, keyFile);
  await using link = await Link.to(strict.port);
  const endpoint = link.url.replace('http:', 'https:');
  const warnings: string[] = [];
  const log = (level: string, message: string): void => void (level === 'warn' && warnings.push(message));
  await using rotating = Client.create({
    endpoints: [endpoint],
    tls: { ...trusting(), certFile, keyFile },
    log,
  });
  await rotating.set('/k', '1');
  await copyFile(foreign.certFile, certFile);
  link.cut();
  // The key does not fit yet, as in the middle of a rotation.
  await rotating.setIfChanged('/k', '2');
  t.regex(String(warnings), /does not belong to the certificate.*Using the previous ones/s);
  await copyFile(foreign.keyFile, keyFile);
  link.cut();
  await t.throwsAsync(rotating.get('/k'), { code: 'permission-denied' });
  await copyFile(client.certFile, certFile);
  await copyFile(client.keyFile, keyFile);
  t.is((await rotating.get('/k'))?.value.toString(), '2');
});

test.serial('unusable files are refused before anything is sent', async (t) => {
  const garbage = path.join(ours.folder, 'garbage');
  const damaged = path.join(ours.folder, 'damaged');
  await writeFile(garbage, 'certificate');
  await writeFile(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  const { certFile, keyFile } = client;
  const cases: readonly [TlsOptions, RegExp][] = [
    [{ caFile: '/no/such/file' }, /CA certificate \/no\/such\/file: there is no such file/],
    [{ caFile: ours.folder }, /is a directory/],
    [{ caFile: garbage }, /No CA certificate in .*PEM/],
    [{ caFile: damaged }, /damaged/],
    [{ caFile: keyFile }, /No CA certificate in/],
    [{ certFile }, /needs its key/],
    [{ keyFile }, /needs its key/],
    [{ certFile: keyFile, keyFile: certFile }, /No client certificate in/],
    [{ certFile, keyFile: certFile }, /No private key in/],
    [{ certFile, keyFile: foreign.keyFile }, /does not belong to the certificate/],
  ];
  for (const [tls, message] of cases) {
    const connect = (): Client => Client.create({ endpoints: [open.url], tls });
    t.throws(connect, { instanceOf: WorldError, code: 'invalid', message });
  }
});

test.serial('through SSH the certificate must be for the host that the seed names', async (t) => {
  await using sshd = await Sshd.start();
  const tls = { caFile: ours.caFile, ...client };
  const shared = { ssh: sshd.options, hostname: 'h1', tls };
  await using world = await SshWorld.open({ ...shared, seeds: [strict.url] });
  await world.strSet('motd', 'hello');
  t.is(await world.strGet('motd'), 'hello');
  const seeds = [strict.url.replace('127.0.0.1', 'localhost')];
  await using wrong = await SshWorld.open({ ...shared, seeds }, { lazy: true });
  await t.throwsAsync(wrong.strGet('motd'), {
    instanceOf: WorldError,
    code: 'unavailable',
    message: /at https:\/\/localhost:[0-9]+ through .*not for localhost/,
  });
});

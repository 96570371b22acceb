import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { ETCD_RELEASE, type EtcdRelease } from '../../../../cli/setup/programs/etcd-release.js';
import { prepareEtcd } from '../../../../cli/setup/programs/prepare-etcd.js';
import { ETCD_RELEASE as TESTED_RELEASE } from '../../../../fixtures/fleet/install/download-etcd.js';
import { mustRun } from '../../../../fixtures/fleet/run-command.js';

const { signal } = new AbortController();
const version = '3.5.7';
const said: string[] = [];
const requested: string[] = [];

let folder: string;
let server: Server;
let release: EtcdRelease;
let baseUrl: string;

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-test-'));
  const title = `etcd-v${version}-linux-amd64`;
  await mkdir(path.join(folder, title));
  for (const name of ['etcd', 'etcdctl', 'README.md'])
    await writeFile(path.join(folder, title, name), `the file ${name}`);
  await mustRun('packing', ['tar', '-C', folder, '-czf', path.join(folder, 'archive'), title]);
  const archive = await readFile(path.join(folder, 'archive'));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const build = { name: 'amd64', sha256 };
  release = { version, builds: { x64: build, arm64: { name: 'arm64', sha256 } } };
  server = createServer((request, response) => {
    requested.push(request.url ?? '');
    // As where releases are really kept.
    if (request.url === `/v${version}/${title}.tar.gz`)
      response.writeHead(302, { location: '/elsewhere' }).end();
    else if (request.url === '/elsewhere') response.end(archive);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.beforeEach(async () => {
  said.length = 0;
  requested.length = 0;
  Object.assign(process.env, { XDG_CACHE_HOME: await mkdtemp(path.join(folder, 'cache-')) });
});
test.after.always(async () => {
  server?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const given = () => ({ release, baseUrl, say: (doing: string) => void said.push(doing), signal });

test.serial('The official release is downloaded once, and each program kept compressed', async (t) => {
  const [etcd, etcdctl] = await prepareEtcd({ architecture: 'x64', ...given() });
  t.like(etcd, { kind: 'etcd', version, path: `etcd/etcd-${version}/etcd` });
  t.is(etcdctl?.path, `etcd/etcd-${version}/etcdctl`);
  t.is(gunzipSync(await readFile(etcd.file)).toString(), 'the file etcd');
  t.deepEqual(said, [`downloading etcd ${version} for x64`]);
  const before = requested.length;
  t.deepEqual((await prepareEtcd({ architecture: 'x64', ...given() }))[0], etcd);
  t.is(requested.length, before);
});

test.serial('What is kept is checked before it is used', async (t) => {
  const [{ file }] = await prepareEtcd({ architecture: 'x64', ...given() });
  await writeFile(file, 'damaged');
  const [again] = await prepareEtcd({ architecture: 'x64', ...given() });
  t.is(gunzipSync(await readFile(again.file)).toString(), 'the file etcd');
  t.is(said.length, 2);
});

test.serial('A release with another hash is refused, and nothing of it is kept', async (t) => {
  const { builds } = release;
  const other = { version, builds: { ...builds, x64: { ...builds.x64, sha256: '0'.repeat(64) } } };
  const refused = await t.throwsAsync(prepareEtcd({ architecture: 'x64', ...given(), release: other }));
  t.regex(
    refused?.message ?? '',
    new RegExp(`is not the release .* SHA-256 is ${builds.x64.sha256}\\. It was not`),
  );
  t.deepEqual(await readdir(path.join(process.env['XDG_CACHE_HOME'] ?? '', 'hawser/programs')), []);
});

test.serial('A laptop that cannot download it hears why, and what else it can do', async (t) => {
  const missing = await t.throwsAsync(prepareEtcd({ architecture: 'arm64', ...given() }));
  t.regex(
    missing?.message ?? '',
    /etcd-v3\.5\.7-linux-arm64\.tar\.gz: the answer is HTTP 404\..*--etcd FILE/,
  );
  const nobody = { ...given(), baseUrl: 'http://127.0.0.1:1' };
  const refused = await t.throwsAsync(prepareEtcd({ architecture: 'x64', ...nobody }));
  t.regex(refused?.message ?? '', /Could not download etcd 3\.5\.7 from http:.*(ECONNREFUSED|bad port)/);
  const reason = new Error('enough');
  const aborted = prepareEtcd({ architecture: 'x64', ...given(), signal: AbortSignal.abort(reason) });
  t.is(await t.throwsAsync(aborted), reason);
});

test.serial('A program that the person names is used as it is, if it can be one', async (t) => {
  const text = path.join(folder, 'archive');
  const wrong = await t.throwsAsync(prepareEtcd({ architecture: 'x64', file: text, ...given() }));
  t.regex(wrong?.message ?? '', /is no program of etcd: --etcd takes the file etcd of a release for Linux/);
  const [only, ...others] = await prepareEtcd({
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    file: '/bin/true',
    ...given(),
  });
  t.is(only.path, `etcd/etcd-${only.sha256.slice(0, 16)}/etcd`);
  t.deepEqual(others, []);
  t.deepEqual(requested, []);
});

test.serial('Hosts get the release that is tested', (t) => {
  const hashes = Object.entries(ETCD_RELEASE.builds).map(([architecture, { name: arch, sha256 }]) => [
    architecture,
    { arch, sha256 },
  ]);
  const { version, builds } = TESTED_RELEASE;
  t.deepEqual({ version: ETCD_RELEASE.version, builds: Object.fromEntries(hashes) }, { version, builds });
});

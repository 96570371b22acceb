import { randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { Etcd } from '../world/etcd.js';
import { hawser, temporaryFolder } from './hawser.js';

let etcd: Etcd;
let flags: string[];

test.before(async () => {
  etcd = await Etcd.start();
  flags = ['--seeds', etcd.url];
});
test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('a folder that was put is listed, printed, copied back the same, and removed', async (t) => {
  const folder = await temporaryFolder(t);
  const site = path.join(folder, 'site');
  await mkdir(path.join(site, 'css'), { recursive: true });
  await writeFile(path.join(site, 'index.html'), '<h1>größer</h1>\n');
  await writeFile(path.join(site, 'css/all.css'), randomBytes(400_000));
  await symlink('index.html', path.join(site, 'home.html'));
  const put = await hawser(['fs', 'put', site, '/www/site', '--json', ...flags]);
  t.is(put.code, 0, put.stderr);
  t.like(JSON.parse(put.stdout), { files: 2, sizeBytes: 400_018, uploadedBytes: 400_018 });
  const again = await hawser(['fs', 'put', site, '/www/site', ...flags]);
  t.is(again.stdout, 'Uploaded 0 B of 400 kB in 2 files.\n');
  t.is((await hawser(['fs', 'ls', '/www/site', ...flags])).stdout, 'css/\nhome.html\nindex.html\n');
  t.regex(
    (await hawser(['fs', 'ls', '-l', '/www/site', ...flags])).stdout,
    /file +644 +18 +\S+ +index\.html/,
  );
  t.is(
    (await hawser(['fs', 'tree', '/www', ...flags])).stdout,
    'site/\n  css/\n    all.css\n  home.html\n  index.html\n',
  );
  t.is((await hawser(['fs', 'cat', '/www/site/home.html', ...flags])).stdout, '<h1>größer</h1>\n');
  const got = await hawser(['fs', 'get', '/www/site', path.join(folder, 'back'), ...flags]);
  t.is(got.stdout, 'Wrote 400 kB in 2 files.\n');
  t.deepEqual(
    await readFile(path.join(folder, 'back/css/all.css')),
    await readFile(path.join(site, 'css/all.css')),
  );
  const folderRefused = await hawser(['fs', 'rm', '/www', ...flags]);
  t.is(folderRefused.code, 1);
  t.regex(folderRefused.stderr, /^hawser: \/www is a folder: give -r/);
  t.is((await hawser(['fs', 'rm', '-r', '/www', ...flags])).code, 0);
  t.is((await hawser(['fs', 'ls', ...flags])).stdout, '');
  t.regex((await hawser(['fs', 'gc', ...flags])).stdout, /^Freed [1-9]\d* blocks, kept 0\.\n$/);
});

test.serial('standard input and output are files too, in a file system of their own', async (t) => {
  const put = await hawser(['fs', 'put', '-', '/note', '--fs', 'notes', ...flags], { input: 'from a pipe' });
  t.is(put.code, 0, put.stderr);
  t.is(
    (await hawser(['fs', 'get', '/note', '-', '--fs', 'etcdfs:///fs/notes', ...flags])).stdout,
    'from a pipe',
  );
  const du = JSON.parse((await hawser(['fs', 'du', '--fs', 'notes', '--json', ...flags])).stdout);
  t.like(du, { files: 1, sizeBytes: 11, isFull: false, quotaBytes: 2 ** 31 });
  t.true(du.fileSystems.includes('etcdfs:///fs/notes'));
});

test.serial('a wrong path or URI is a plain sentence', async (t) => {
  const missing = await hawser(['fs', 'cat', '/nope', ...flags]);
  t.is(missing.code, 1);
  t.is(missing.stderr, 'hawser: There is no /nope in etcdfs:///fs/shared (ENOENT).\n');
  const json = await hawser(['fs', 'ls', '/nope', '--json', ...flags]);
  t.is(JSON.parse(json.stderr).error.code, 'ENOENT');
  const local = await hawser(['fs', 'put', '/no/such/file', '/x', ...flags]);
  t.regex(local.stderr, /^hawser: There is no \/no\/such\/file on this machine/);
  const scheme = await hawser(['fs', 'ls', '--fs', 'ftp:///x', ...flags]);
  t.is(scheme.code, 2);
  t.regex(scheme.stderr, /scheme is ftp/);
});

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { explainPathErrors } from '../../../cli/fs/explain-path-errors.js';
import { drawTree, listFolder } from '../../../cli/fs/list-folder.js';
import { EtcdWorld, memoryFs } from '../../../world/index.js';
import { unfolding } from '../../world/fs/helpers/unfolding.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

let etcd: Etcd;
let world: EtcdWorld;
let flags: string[];

test.before(async () => {
  etcd = await Etcd.start();
  world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
  flags = ['--seeds', etcd.url];
});
test.after.always(async () => {
  await world.close();
  await etcd[Symbol.asyncDispose]();
});

test.serial('a directory that was put is copied back the same, and freed once it is removed', async (t) => {
  const folder = await temporaryFolder(t);
  const site = path.join(folder, 'site');
  await mkdir(path.join(site, 'css'), { recursive: true });
  await writeFile(path.join(site, 'index.html'), '<h1>größer</h1>\n');
  await writeFile(path.join(site, 'css/all.css'), randomBytes(400_000));
  await symlink('index.html', path.join(site, 'home.html'));
  const put = await hawser(['fs', 'put', site, '/www/site', '--json', ...flags]);
  t.is(put.code, 0, put.stderr);
  t.like(JSON.parse(put.stdout), { files: 2, sizeBytes: 400_018, uploadedBytes: 400_018 });
  const got = await hawser(['fs', 'get', '/www/site', path.join(folder, 'back'), ...flags]);
  t.is(got.stdout, 'Wrote 400 kB in 2 files.\n');
  const [back, there] = [path.join(folder, 'back/css/all.css'), path.join(site, 'css/all.css')];
  t.deepEqual(await readFile(back), await readFile(there));
  const refused = await hawser(['fs', 'rm', '/www', ...flags]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^hawser: \/www is a directory: pass -r/);
  await world.fs(world.uri()).rm('/www', { recursive: true });
  t.regex((await hawser(['fs', 'gc', ...flags])).stdout, /^Freed [1-9]\d* blocks, kept 0\.\n$/);
});

test.serial('standard input and output are files too, in a file system of their own', async (t) => {
  const put = await hawser(['fs', 'put', '-', '/note', '--fs', 'notes', ...flags], { input: 'from a pipe' });
  t.is(put.code, 0, put.stderr);
  const cat = await hawser(['fs', 'cat', '/note', '--fs', 'etcdfs:///fs/notes', ...flags]);
  t.is(cat.stdout, 'from a pipe');
  const du = JSON.parse((await hawser(['fs', 'du', '--fs', 'notes', '--json', ...flags])).stdout);
  t.like(du, { files: 1, sizeBytes: 11, isFull: false, quotaBytes: 2 ** 31 });
  t.true(du.fileSystems.includes('etcdfs:///fs/notes'));
});

test.serial('what a deploy stored is listed by the name of its tree', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'index.html'), '<h1>größer</h1>\n', { mode: 0o644 });
  const { tree } = await world.putTree(folder);
  const listed = await hawser(['fs', 'ls', '-l', '--fs', `deploy/${tree}`, ...flags]);
  t.regex(listed.stdout, /file +644 +18 +\S+ +index\.html/, listed.stderr);
});

test.serial('links of the World never decide where fs get writes, whatever becomes of them', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, '.ssh'));
  for (const name of ['.ssh/authorized_keys', '.bashrc']) await writeFile(path.join(folder, name), 'mine');
  const fs = world.fs('etcdfs:///fs/hostile');
  const get = ['fs', 'get', '--fs', 'hostile', '/', path.join(folder, 'out'), ...flags];
  await fs.symlink('../.ssh', '/d');
  await fs.symlink('../.bashrc', '/rc');
  const refused = await hawser(get);
  t.is(refused.code, 4, refused.stderr);
  t.regex(refused.stderr, /"d" is a symbolic link that leads out/);
  await mkdir(path.join(folder, 'out'));
  for (const [name, target] of [
    ['d', '../.ssh'],
    ['rc', '../.bashrc'],
  ] as const) {
    await symlink(target, path.join(folder, 'out', name));
    await fs.rm(`/${name}`);
  }
  await fs.mkdir('/d');
  await fs.writeFile('/d/authorized_keys', 'theirs');
  await fs.writeFile('/rc', 'theirs');
  const second = await hawser(get);
  t.is(second.code, 4, second.stderr);
  t.regex(second.stderr, /out\/d: it is a symbolic link here/);
  const one = await hawser(['fs', 'get', '--fs', 'hostile', '/rc', path.join(folder, 'out'), ...flags]);
  t.is(one.code, 0, one.stderr);
  for (const name of ['.ssh/authorized_keys', '.bashrc'])
    t.is(await readFile(path.join(folder, name), 'utf8'), 'mine');
  t.is(await readFile(path.join(folder, 'out/rc'), 'utf8'), 'theirs');
  t.deepEqual((await readdir(path.join(folder, 'out'))).sort(), ['d', 'rc']);
});

test.serial(
  'a tree that unfolds to more than any disk holds is refused with its path and the limit',
  async (t) => {
    const folder = await temporaryFolder(t);
    await unfolding(world, { levels: 8, width: 30 });
    for (const args of [
      ['du', '/'],
      ['tree', '/'],
      ['get', '/', path.join(folder, 'out')],
    ]) {
      const { code, stderr } = await hawser(['fs', ...args, '--json', ...flags]);
      t.is(code, 1, stderr);
      t.like(JSON.parse(stderr).error, { code: 'too-large' });
      t.regex(JSON.parse(stderr).error.message, /\/d0.* more than 1,000,000 files and directories/);
    }
    t.deepEqual(await readdir(folder), []);
  },
);

test.serial('a tree is drawn with each entry below its directory', async (t) => {
  const fs = memoryFs();
  await fs.mkdir('/www/css', { recursive: true });
  await fs.writeFile('/www/css/all.css', 'x');
  await fs.writeFile('/www/index.html', 'x');
  await fs.symlink('index.html', '/www/home.html');
  const call = { signal: new AbortController().signal, timeoutMs: 1000 };
  t.deepEqual(drawTree(await listFolder(fs, '/', call, true)), [
    'www/',
    '  css/',
    '    all.css',
    '  home.html',
    '  index.html',
  ]);
  t.like(await listFolder(fs, '/www/index.html', call), [
    { name: '/www/index.html', mode: '644', sizeBytes: 1 },
  ]);
});

test.serial('a wrong path is a plain sentence, here and there', async (t) => {
  const fs = memoryFs();
  await t.throwsAsync(
    explainPathErrors(fs, () => fs.readdir('/nope')),
    { code: 'ENOENT', message: 'There is no /nope in memmapfs:/// (ENOENT).' },
  );
  await t.throwsAsync(
    explainPathErrors(fs, () => stat('/no/such/file')),
    { code: 'ENOENT', message: 'There is no /no/such/file on this machine (ENOENT).' },
  );
});

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { scratch } from './helpers/tree-scratch.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('a corrupt or missing block fails the tree and leaves nothing', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  await writeFile(path.join(from, 'file'), 'contents');
  const { tree } = await world.putTree(from);
  const key = `/storage/${createHash('sha256').update('contents').digest('hex')}`;
  const to = path.join(folder, 'to');
  for (const value of ['', '\0CONTENTS', '\0short', '\x01garbage', '\x09contents']) {
    await world.client.set(key, value);
    await t.throwsAsync(world.getTree(tree, to), { instanceOf: WorldError, code: 'invalid' });
  }
  await world.client.del(key);
  await t.throwsAsync(world.getTree(tree, to), { instanceOf: WorldError, code: 'not-found' });
  t.deepEqual(await readdir(folder), ['from']);
});

test.serial('a tree whose entries would be written elsewhere is refused, and leaves nothing', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const file = { name: 'file', type: 'file', mode: 0o644, sizeBytes: 0, blocks: [] };
  const inside = (entry: object) => ({ name: 'd', type: 'directory', mode: 0o755, entries: [entry] });
  for (const entries of [
    [{ ...file, name: '..' }],
    [{ ...file, name: '../out' }],
    [inside({ ...file, name: '../../out' })],
    [{ ...file, name: '/out' }],
    [{ ...file, name: '' }],
    [{ ...file, name: 'zero\0byte' }],
    [file, file],
    [{ name: 'link', type: 'symlink', target: '/etc' }],
    [{ name: 'link', type: 'symlink', target: '..' }],
    [inside({ name: 'link', type: 'symlink', target: '../../out' })],
    [{ ...file, mode: 0o4755 }],
    [{ ...file, sizeBytes: 1 }],
    [{ ...file, path: '../out' }],
    [{ name: 'file', type: 'socket' }],
  ]) {
    const root = { type: 'directory', mode: 0o755, entries };
    const superblock = JSON.stringify({ version: 2, root });
    const tree = createHash('sha256').update(superblock).digest('hex');
    await world.client.set(`/fs/deploy/${tree}`, superblock);
    await t.throwsAsync(world.getTree(tree, path.join(folder, 'to')), {
      instanceOf: WorldError,
      code: 'invalid',
      message: /^(?!.*corrupt)/,
    });
  }
  t.deepEqual(await readdir(folder), []);
});

test.serial('a superblock that is not what its name says is refused', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const tree = '0'.repeat(64);
  await world.client.set(`/fs/deploy/${tree}`, '{"version":2,"root":{"type":"directory","mode":493}}');
  await t.throwsAsync(world.getTree(tree, path.join(folder, 'to')), { code: 'invalid', message: /corrupt/ });
});

test.serial('what lies about the length of a block is refused, and leaves nothing', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  await writeFile(path.join(from, 'file'), 'contents');
  const stored = await world.client.get(`/fs/deploy/${(await world.putTree(from)).tree}`);
  const superblock = (stored?.value.toString() ?? '')
    .replace('"sizeBytes":8', '"sizeBytes":9')
    .replace(',8]', ',9]');
  const tree = createHash('sha256').update(superblock).digest('hex');
  await world.client.set(`/fs/deploy/${tree}`, superblock);
  await t.throwsAsync(world.getTree(tree, path.join(folder, 'to')), {
    code: 'invalid',
    message: /block .* corrupt/,
  });
  t.deepEqual(await readdir(folder), ['from']);
});

test.serial('a stored tree is a file system to be read, and only to be read', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(path.join(from, 'bin'), { recursive: true });
  await mkdir(path.join(from, '.git'));
  await writeFile(path.join(from, '.git/HEAD'), 'left out');
  const big = randomBytes(700_000);
  await writeFile(path.join(from, 'bin/tool'), big, { mode: 0o755 });
  await symlink('bin/tool', path.join(from, 'run'));
  const { tree } = await world.putTree(from);
  const fs = world.fs(`etcdfs:///fs/deploy/${tree}`);
  t.deepEqual(await fs.readdir('/', { recursive: true }), ['bin', 'bin/tool', 'run']);
  t.true((await fs.readFile('/run')).equals(big));
  t.is((await fs.stat('/bin/tool')).mode & 0o777, 0o755);
  await fs.copyOut('/bin', path.join(folder, 'to'));
  t.true((await readFile(path.join(folder, 'to/tool'))).equals(big));
  const changes = [
    () => fs.writeFile('/bin/tool', 'x'),
    () => fs.writeFile('/new', 'x'),
    () => fs.open('/bin/tool', 'r+'),
    () => fs.mkdir('/d'),
    () => fs.rm('/bin', { recursive: true }),
    () => fs.rename('/run', '/walk'),
    () => fs.chmod('/run', 0o700),
    () => fs.copyIn(from, '/'),
  ];
  for (const change of changes) await t.throwsAsync(change(), { code: 'EROFS' }, String(change));
  t.is((await world.putTree(from)).tree, tree);
  const none = '0'.repeat(64);
  await t.throwsAsync(world.fs(`etcdfs:///fs/deploy/${none}`).readdir('/'), {
    instanceOf: WorldError,
    code: 'not-found',
  });
  await world.client.set(`/fs/deploy/${none}`, '{"version":2,"root":{"type":"directory","mode":493}}');
  await t.throwsAsync(world.fs(`etcdfs:///fs/deploy/${none}`).readdir('/'), {
    code: 'invalid',
    message: /corrupt/,
  });
});

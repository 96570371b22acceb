import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { keepSameEntries } from '../../../world/fs/copy/keep-same-entries.js';
import { LocalFolder } from '../../../world/fs/copy/local-folder.js';
import type { TreeEntry } from '../../../world/fs/copy/write-entries.js';
import { Etcd } from '../helpers/etcd.js';
import { scratch } from './helpers/tree-scratch.js';

const APP_USER = 12_345;

let etcd: Etcd;
test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

/** A stored tree, and a directory that was written from it. */
async function stored(t: ExecutionContext) {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(path.join(from, 'sub', 'deep'), { recursive: true });
  for (const name of ['same', 'changed', 'gone', 'sub/same', 'sub/deep/same', 'caf\u00e9'])
    await writeFile(path.join(from, name), `this is ${name}`);
  await writeFile(path.join(from, 'empty'), '');
  await writeFile(path.join(from, 'program'), '#!/bin/sh', { mode: 0o755 });
  await symlink('same', path.join(from, 'link'));
  const { tree } = await world.putTree(from);
  const old = path.join(folder, 'old');
  await world.getTree(tree, old);
  return { world, folder, tree, old, expected: await listing(from) };
}

async function listing(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const at = path.join(folder, name);
    const { mode } = await lstat(at);
    const is = (await lstat(at)).isSymbolicLink() ? `-> ${await readlink(at)}` : '';
    const holds = (await lstat(at)).isFile() ? await readFile(at, 'utf8') : '';
    found[name] = `${(mode & 0o7777).toString(8)} ${is}${holds}`;
  }
  return found;
}

const inode = async (file: string) => (await lstat(file)).ino;

test.serial(
  'a directory that is not needed any more becomes the tree, and what is the same in it stays',
  async (t) => {
    const { world, folder, tree, old, expected } = await stored(t);
    const outside = path.join(folder, 'outside');
    await mkdir(outside);
    await writeFile(path.join(outside, 'same'), 'mine');
    const stays = [await inode(path.join(old, 'same')), await inode(path.join(old, 'sub/same'))];
    const linked = await inode(path.join(old, 'empty'));
    await link(path.join(old, 'empty'), path.join(outside, 'second name'));
    await writeFile(path.join(old, 'changed'), 'THIS IS changed');
    await rm(path.join(old, 'gone'));
    await rm(path.join(old, 'sub/deep'), { recursive: true });
    await symlink(outside, path.join(old, 'sub/deep'));
    await mkdir(path.join(old, 'extra', 'below'), { recursive: true });
    await symlink(outside, path.join(old, 'extra', 'below', 'out'));
    await rm(path.join(old, 'caf\u00e9'));
    await mkdir(path.join(old, 'caf\u00e9'));
    await rm(path.join(old, 'link'));
    await symlink(outside, path.join(old, 'link'));
    await chmod(path.join(old, 'program'), 0o4777);
    const to = path.join(folder, 'to');
    await world.getTree(tree, to, { reuse: old });
    t.deepEqual(await listing(to), expected);
    t.deepEqual([await inode(path.join(to, 'same')), await inode(path.join(to, 'sub/same'))], stays);
    t.not(await inode(path.join(to, 'empty')), linked);
    t.deepEqual((await readdir(outside)).sort(), ['same', 'second name']);
    t.is(await readFile(path.join(outside, 'same'), 'utf8'), 'mine');
    await t.throwsAsync(lstat(old), { code: 'ENOENT' });
  },
);

test.serial('a directory that cannot be reused stays, and the tree is written anew', async (t) => {
  const { world, folder, tree, old, expected } = await stored(t);
  const to = path.join(folder, 'to');
  for (const reuse of [path.join(folder, 'not there'), path.join(old, 'same')]) {
    await world.getTree(tree, to, { reuse });
    t.deepEqual(await listing(to), expected);
    await rm(to, { recursive: true });
  }
  t.is(await readFile(path.join(old, 'same'), 'utf8'), 'this is same');
});

test.serial('what fails half way leaves the directory to its owner', async (t) => {
  const { folder, old } = await stored(t);
  if (process.geteuid?.() === 0) await chown(old, APP_USER, APP_USER);
  const before = await lstat(old);
  await using opened = await LocalFolder.open(old);
  const call = new AbortController();
  // As soon as it has begun.
  const wanted: TreeEntry[] = [
    [
      'same',
      {
        type: 'file',
        mode: 0o644,
        sizeBytes: 12,
        get blocks() {
          throw new Error('the disk is broken');
        },
      },
    ],
  ] as never;
  await t.throwsAsync(keepSameEntries(opened, wanted, call.signal), { message: 'the disk is broken' });
  t.is((await lstat(old)).uid, before.uid);
  t.true((await readdir(folder)).includes('old'));
});

import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { readLocal } from '../../../world/fs/copy/read-local-files.js';
import { scratch } from './helpers/pair.js';

test('a directory that becomes a link while it is read is not followed out of what was named', async (t) => {
  const folder = await scratch(t);
  await mkdir(path.join(folder, 'named/d'), { recursive: true });
  await mkdir(path.join(folder, 'secret'));
  await writeFile(path.join(folder, 'secret/key'), 'mine');
  const read: string[] = [];
  const reading = async () => {
    for await (const entry of readLocal(path.join(folder, 'named'), { signal: undefined })) {
      read.push(entry.path);
      if (entry.path !== 'd') continue;
      await rm(path.join(folder, 'named/d'), { recursive: true });
      await symlink('../secret', path.join(folder, 'named/d'));
    }
  };
  await t.throwsAsync(reading(), { code: 'ENOTDIR', message: /named\/d/ });
  t.deepEqual(read, ['', 'd']);
});

test('links are read and not followed, and what is named may be one', async (t) => {
  const folder = await scratch(t);
  await mkdir(path.join(folder, 'named'));
  await symlink('/etc/passwd', path.join(folder, 'named/l'));
  await symlink('named', path.join(folder, 'way'));
  const read = async (root: string) => {
    const found: unknown[] = [];
    for await (const { path: at, node } of readLocal(root, { signal: undefined }))
      found.push([at, node.type === 'symlink' ? node.target : node.type]);
    return found;
  };
  t.deepEqual(await read(path.join(folder, 'named')), [
    ['', 'directory'],
    ['l', '/etc/passwd'],
  ]);
  t.deepEqual(await read(path.join(folder, 'way')), [['', 'named']]);
});

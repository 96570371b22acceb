import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { readLeftOutFiles } from '../../../cli/deploy/ignore-patterns.js';
import { temporaryFolder } from '../helpers/hawser.js';

test('the patterns of the manifest and of .hawserignore are those of git, and the later win', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, '.hawserignore'), '# caches\r\n/build/\n!keep.log\nsecret[0-9].txt\n\n');
  const isLeftOut = await readLeftOutFiles(folder, { name: 'a', exclude: ['*.log', 'node_modules/'] });
  for (const file of ['a.log', 'deep/b.log', 'secret1.txt']) t.true(isLeftOut(file, false), file);
  for (const directory of ['build', 'node_modules', 'deep/node_modules']) {
    t.true(isLeftOut(directory, true), directory);
    t.false(isLeftOut(directory, false), `a file ${directory}`);
  }
  for (const file of ['keep.log', 'A.LOG', 'secretx.txt', '.hawserignore'])
    t.false(isLeftOut(file, false), file);
  t.false(isLeftOut('deep/build', true));
});

test('without patterns everything is deployed; a .hawserignore that is a directory is refused', async (t) => {
  const folder = await temporaryFolder(t);
  t.false((await readLeftOutFiles(folder, { name: 'a' }))('a.log', false));
  await mkdir(path.join(folder, '.hawserignore'));
  await t.throwsAsync(readLeftOutFiles(folder, { name: 'a' }), { code: 'usage' });
});

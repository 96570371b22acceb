import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DataFolder } from '../../../agent/cluster/server/data-folder.js';

/** A prefix whose server has data that says `before`, unless it has none; and data that says `restored`. */
async function prepared(t: ExecutionContext, hasData = true) {
  const prefix = await mkdtemp(path.join(tmpdir(), 'hawser-data-'));
  t.teardown(() => rm(prefix, { recursive: true, force: true }));
  const folder = new DataFolder(prefix);
  const restored = path.join(folder.folder, 'restored');
  for (const [where, said] of [
    [restored, 'restored'],
    ...(hasData ? [[folder.data, 'before']] : []),
  ] as const) {
    await mkdir(path.join(where, 'member', 'wal'), { recursive: true });
    await writeFile(path.join(where, 'said'), said);
  }
  const said = (name: string) => readFile(path.join(folder.folder, name, 'said'), 'utf8');
  return { folder, restored, said };
}

test('a restore that ends keeps the data of before as the old one', async (t) => {
  const { folder, restored, said } = await prepared(t);
  await folder.exchange(restored);
  t.is(await said('data'), 'restored');
  await folder.keepRestored();
  t.is(await said('data.old'), 'before');
  t.false(await folder.undoRestore());
  t.is(await said('data'), 'restored');
});

test('a restore that is cut is undone, wherever it was', async (t) => {
  const { folder, restored, said } = await prepared(t);
  await folder.exchange(restored);
  t.true(await folder.undoRestore());
  t.is(await said('data'), 'before');

  // Between its two renames there is no data.
  await t.throwsAsync(folder.exchange(restored), { code: 'ENOENT' });
  t.false(folder.hasData);
  t.true(await folder.undoRestore());
  t.is(await said('data'), 'before');
  t.deepEqual(await readdir(folder.folder), ['data']);
});

test('where there was no data, there is none when a restore is undone', async (t) => {
  const { folder, restored } = await prepared(t, false);
  await folder.exchange(restored);
  t.true(folder.hasData);
  t.true(await folder.undoRestore());
  t.false(folder.hasData);
  t.false(existsSync(path.join(folder.folder, 'data.before-restore')));
});

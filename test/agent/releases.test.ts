import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Releases } from '../../agent/deploys/releases.js';

async function emptyPrefix(t: ExecutionContext): Promise<string> {
  const prefix = await mkdtemp(path.join(tmpdir(), 'hawser-releases-'));
  t.teardown(() => rm(prefix, { recursive: true }));
  return prefix;
}

async function fill(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(path.join(folder, 'app'), 'x');
}

test.serial('a release appears whole, and current is switched to it by a relative link', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  t.is(await releases.current(), 0);
  await releases.unpack(1, fill);
  t.is(await releases.current(), 0);
  await releases.activate(1);
  t.is(await releases.current(), 1);
  t.is(await readlink(path.join(prefix, 'current')), 'releases/1');
  t.deepEqual(await readdir(path.join(prefix, 'current')), ['app']);
  await releases.activate(0);
  t.is(await releases.current(), 0);
});

test.serial('a release that cannot be unpacked leaves nothing', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  const broken = releases.unpack(1, async (folder) => {
    await fill(folder);
    throw new Error('disk full');
  });
  await t.throwsAsync(broken, { message: 'disk full' });
  t.deepEqual(await readdir(path.join(prefix, 'releases')), []);
});

test.serial('what an interrupted try left is replaced', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  await mkdir(path.join(prefix, 'releases', '.1.partial', 'old'), { recursive: true });
  await mkdir(path.join(prefix, 'releases', '1', 'old'), { recursive: true });
  t.deepEqual(await readdir(await releases.unpack(1, fill)), ['app']);
  t.deepEqual(await readdir(path.join(prefix, 'releases')), ['1']);
});

test.serial('pruning keeps the newest five, the current one and the last healthy one', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  for (let id = 1; id <= 9; id += 1) await releases.unpack(id, fill);
  await releases.activate(2);
  await releases.markHealthy(3);
  await releases.prune();
  t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['2', '3', '5', '6', '7', '8', '9']);
});

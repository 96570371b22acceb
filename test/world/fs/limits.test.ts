import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { pair, scratch, URI } from './helpers/pair.js';
import { store, unfolding } from './helpers/unfolding.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial(
  'eight small blocks that unfold to 30^8 files are refused with the path and the limit, by all that would unfold them',
  async (t) => {
    const [world] = pair(t, etcd).worlds;
    const folder = await scratch(t);
    const { tree, fs } = await unfolding(world, { levels: 8, width: 30 });
    const refused = {
      instanceOf: WorldError,
      code: 'too-large',
      message: /more than 1,000,000 files and directories/,
    };
    await t.throwsAsync(fs.size('/'), { ...refused, message: /everything in \/d0/ });
    await t.throwsAsync(fs.copyOut('/', path.join(folder, 'out')), refused);
    await t.throwsAsync(fs.readdir('/', { recursive: true }), refused);
    await t.throwsAsync(world.getTree(tree, path.join(folder, 'out')), refused);
    t.deepEqual(await readdir(folder), []);
    t.is((await fs.readdir('/')).length, 30);
    t.deepEqual(await fs.size('/d0/d0/d0/d0/d0'), { files: 27_000, sizeBytes: 0 });
    t.like(await world.fsGc(), { freed: 0, kept: 8 });
  },
);

test.serial(
  'a small block that is named again and again is refused once it unfolds to more than the limit',
  async (t) => {
    const [world] = pair(t, etcd).worlds;
    const folder = await scratch(t);
    const ref = await store(world, ' '.repeat(256 << 10));
    const blocks = Array.from({ length: 800 }, () => ref);
    const { fs } = await unfolding(world, {
      levels: 3,
      width: 4,
      leaf: { sizeBytes: 800 * ref[1], blocks },
    });
    await t.throwsAsync(fs.copyOut('/', path.join(folder, 'out')), {
      code: 'too-large',
      message: /more than 8,589,934,592 bytes/,
    });
    t.deepEqual(await readdir(folder), []);
    // A list of entries that is such a block, too.
    const list = Array.from({ length: 300 }, () => ref);
    const root = { type: 'directory', mode: 0o755, entriesIn: list };
    await world.client.set('/fs/listed', JSON.stringify({ version: 2, root }));
    await t.throwsAsync(world.fs('etcdfs:///fs/listed').readdir('/'), {
      code: 'too-large',
      message: /\/fs\/listed/,
    });
    await t.throwsAsync(world.fsGc(), { code: 'too-large', message: /\/fs\/listed/ });
  },
);

test.serial('directories inside each other beyond the limit are refused, there and here', async (t) => {
  const [world] = pair(t, etcd).worlds;
  const folder = await scratch(t);
  const { fs, tree } = await unfolding(world, { levels: 200, width: 1 });
  const refused = { instanceOf: WorldError, code: 'too-large', message: /128 nested directories/ };
  await t.throwsAsync(fs.copyOut('/', path.join(folder, 'out')), refused);
  await t.throwsAsync(world.getTree(tree, path.join(folder, 'out')), refused);
  await mkdir(path.join(folder, ...Array.from({ length: 130 }, () => 'd')), { recursive: true });
  await t.throwsAsync(fs.copyIn(folder, '/in'), refused);
  await t.throwsAsync(world.putTree(folder), refused);
});

test.serial('unfolding what is large leaves room for other work, and ends when it is aborted', async (t) => {
  const [world] = pair(t, etcd).worlds;
  const { fs } = await unfolding(world, { levels: 2, width: 600 });
  t.deepEqual(await fs.size('/'), { files: 360_000, sizeBytes: 0 });
  const [controller, reason] = [new AbortController(), new Error('enough')];
  let turns = 0;
  const interrupting = setInterval(() => {
    turns += 1;
    if (turns === 3) controller.abort(reason);
  }, 1);
  const reading = fs.readdir('/', { recursive: true, signal: controller.signal });
  const ended = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  clearInterval(interrupting);
  t.is(ended, reason);
});

test.serial('an entry whose name is a path, or none, is never written', async (t) => {
  const [world] = pair(t, etcd).worlds;
  const folder = await scratch(t);
  const file = { type: 'file', mode: 0o644, sizeBytes: 0, blocks: [] };
  for (const name of ['..', '.', '', 'a/b', '../out', '/out', 'zero\0byte']) {
    const root = { type: 'directory', mode: 0o755, entries: [{ ...file, name }] };
    await world.client.set('/fs/shared', JSON.stringify({ version: 2, root }));
    const copying = world.fs(URI).copyOut('/', path.join(folder, 'out'));
    await t.throwsAsync(copying, { instanceOf: WorldError, code: 'invalid' }, name);
  }
  for (const name of ['half \ud800', 'n'.repeat(256)]) {
    const root = { type: 'directory', mode: 0o755, entries: [{ ...file, name }] };
    await world.client.set('/fs/shared', JSON.stringify({ version: 2, root }));
    const copying = world.fs(URI).copyOut('/', path.join(folder, 'out'));
    await t.throwsAsync(
      copying,
      { instanceOf: WorldError, code: 'unsafe', message: /not a path inside/ },
      name,
    );
  }
  t.deepEqual(await readdir(folder), []);
});

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld, FsError, memoryFs, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { countBlocks, pair, scratch, URI } from './helpers/pair.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('what one host changes the others see, and changes of both at once are all kept', async (t) => {
  const { fs } = pair(t, etcd);
  await fs[0].mkdir('/d');
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map((n) => fs[n % 2 === 0 ? 0 : 1].writeFile(`/d/${n}`, `content ${n}`)),
  );
  t.deepEqual(await fs[1].readdir('/d'), ['0', '1', '2', '3', '4', '5']);
  t.is(await fs[0].readFile('/d/3', 'utf8'), 'content 3');
});

test.serial('a file that somebody else changed while it was open is not overwritten', async (t) => {
  const { fs } = pair(t, etcd);
  await fs[0].writeFile('/f', 'one');
  const handle = await fs[0].open('/f', 'r+');
  await fs[1].writeFile('/f', 'two');
  await handle.write('1');
  await t.throwsAsync(handle.close(), { instanceOf: WorldError, code: 'conflict', message: /\/f/ });
  t.is(await fs[0].readFile('/f', 'utf8'), 'two');
});

test.serial('a batch is one change of the superblock, and none when it throws', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  await fs[0].mkdir('/d');
  const versions = async () => (await worlds[0].client.get('/fs/shared'))?.version ?? 0n;
  const before = await versions();
  await fs[0].batch(async () => {
    for (let n = 0; n < 20; n += 1) await fs[0].writeFile(`/d/${n}`, `content ${n}`);
    await fs[1].writeFile('/beside', 'kept');
  });
  t.is(await versions(), before + 3n, 'one for the batch, two for making and filling the file beside it');
  t.is((await fs[1].readdir('/d')).length, 20);
  t.is(await fs[0].readFile('/beside', 'utf8'), 'kept');
  const failing = fs[0].batch(async () => {
    await fs[0].rm('/d', { recursive: true });
    throw new Error('no');
  });
  await t.throwsAsync(failing, { message: 'no' });
  t.is((await fs[0].readdir('/d')).length, 20);
});

test.serial('a large file is read back the same, and an insertion sends what is near it only', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  const folder = await scratch(t);
  const data = randomBytes(6_000_000);
  await writeFile(path.join(folder, 'big'), data);
  const first = await fs[0].copyIn(folder, '/in');
  t.is(first.uploadedBytes, data.length);
  const inserted = Buffer.concat([
    data.subarray(0, 3_000_000),
    randomBytes(500_000),
    data.subarray(3_000_000),
  ]);
  await writeFile(path.join(folder, 'big'), inserted);
  const second = await fs[1].copyIn(folder, '/in');
  t.true(second.uploadedBytes <= 2 * 500_000, `${second.uploadedBytes} bytes were sent`);
  await fs[0].copyOut('/in', path.join(folder, 'out'));
  t.true((await readFile(path.join(folder, 'out/big'))).equals(inserted));
  t.like(await worlds[0].fsGc(), { spared: 0 });
  t.true((await fs[0].readFile('/in/big')).equals(inserted));
});

test.serial('a stream is stored a few blocks at a time and read back as one', async (t) => {
  const { fs } = pair(t, etcd);
  const parts = Array.from({ length: 20 }, () => randomBytes(700_000));
  await fs[0].writeFile('/stream', parts);
  const read: Buffer[] = [];
  for await (const part of fs[1].readStream('/stream')) {
    t.true(part.length <= 1 << 20);
    read.push(part);
  }
  t.true(Buffer.concat(read).equals(Buffer.concat(parts)));
});

test.serial(
  'a directory of thousands of files has a small superblock, and one change costs little',
  async (t) => {
    const { worlds, fs } = pair(t, etcd);
    await fs[0].batch(async () => {
      await fs[0].mkdir('/d');
      for (let n = 0; n < 3000; n += 1)
        await fs[0].writeFile(`/d/a file with a long name, number ${n}`, `${n % 10}`);
    });
    t.is((await fs[1].readdir('/d')).length, 3000);
    t.true(((await worlds[0].client.get('/fs/shared'))?.value.length ?? 0) < 10_000);
    const before = await countBlocks(worlds[0]);
    await fs[1].writeFile('/d/a file with a long name, number 7', 'new');
    t.true((await countBlocks(worlds[0])) - before <= 5);
  },
);

test.serial('a block that was tampered with or lost is said, not returned', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  await fs[0].writeFile('/f', 'contents');
  const [entry] = (await worlds[0].client.list('/storage/')).entries;
  await worlds[0].client.set(entry?.key ?? '', '\0CONTENTS');
  await t.throwsAsync(fs[1].readFile('/f'), { instanceOf: WorldError, code: 'invalid' });
  await worlds[0].client.del(entry?.key ?? '');
  await t.throwsAsync(fs[1].readFile('/f'), {
    instanceOf: WorldError,
    code: 'not-found',
    message: /its block [0-9a-f]+ is missing/,
  });
});

test.serial('a URI that names no file system is refused, each with its reason', (t) => {
  const [world] = pair(t, etcd).worlds;
  for (const [uri, reason] of [
    ['ftp:///fs/x', /scheme is ftp/],
    ['etcdfs://fs/x', /three slashes/],
    ['etcdfs:///x', /does not start with \/fs\//],
    ['etcdfs:///fs/', /empty/],
    ['etcdfs:///fs/../x', /empty/],
    ['memmapfs:///x', /memmapfs:\/\/\//],
    ['nonsense', /not a URI/],
  ] as const) {
    t.throws(() => world.fs(uri), { instanceOf: WorldError, code: 'invalid', message: reason });
  }
});

test.serial(
  'memmapfs is the standalone file system that the World was given, else one in memory',
  async (t) => {
    const standaloneFs = memoryFs();
    const options = { seeds: [etcd.url], hostname: 'h1' };
    await using world = EtcdWorld.create({ ...options, standaloneFs, getUri: () => 'memmapfs:///' });
    t.is(world.fs(world.uri()), standaloneFs);
    await using plain = EtcdWorld.create(options);
    t.is(plain.uri(), URI);
    t.is(plain.fs('memmapfs:///'), plain.fs('memmapfs:///'));
    await plain.fs('memmapfs:///').writeFile('/f', 'x');
    await t.throwsAsync(standaloneFs.readFile('/f'), { instanceOf: FsError, code: 'ENOENT' });
  },
);

test.serial('nearing the quota is said before an upload', async (t) => {
  const warnings: string[] = [];
  const world = pair(t, etcd).third(warnings, 1000);
  await world.fs(URI).writeFile('/f', randomBytes(1_000_000));
  t.regex(warnings.join(), /quota of 1000 bytes.*hawser fs gc.*defrag/);
});

test.serial('a full etcd is said with what helps, and by fsUsage', async (t) => {
  await using full = await Etcd.start(['--quota-backend-bytes', '3000000']);
  await using world = EtcdWorld.create({ seeds: [full.url], hostname: 'h1', quotaBytes: 3_000_000 });
  const fs = world.fs(URI);
  const fill = async () => {
    // etcd looks at its size a moment after a write.
    for (let n = 0; n < 20; n += 1) await fs.writeFile(`/${n}`, randomBytes(3_000_000));
  };
  const error = await t.throwsAsync(fill(), { instanceOf: WorldError });
  t.like(error, { code: 'no-space' });
  t.regex(error?.message ?? '', /compact.*defrag.*alarm/);
  t.like(await world.fsUsage(), { isFull: true, quotaBytes: 3_000_000 });
});

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EtcdWorld, FsError, memoryFs, WorldError, type WorldFs } from '../../world/index.js';
import { Etcd } from './etcd.js';

const URI = 'etcdfs:///fs/shared';
let etcd: Etcd;
let made = 0;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

function open(
  t: ExecutionContext,
  namespace: string,
  warnings: string[] = [],
  quotaBytes?: number,
): EtcdWorld {
  const log = (level: string, message: string) => void (level === 'warn' && warnings.push(message));
  const world = EtcdWorld.connect({ endpoints: [etcd.url], hostname: 'h1', namespace, log, quotaBytes });
  t.teardown(() => world.close());
  return world;
}

/** Two Worlds of one fleet, with the same file system. */
function pair(t: ExecutionContext): { worlds: [EtcdWorld, EtcdWorld]; fs: [WorldFs, WorldFs] } {
  made += 1;
  const worlds: [EtcdWorld, EtcdWorld] = [open(t, `/shared${made}`), open(t, `/shared${made}`)];
  return { worlds, fs: [worlds[0].fs(URI), worlds[1].fs(URI)] };
}

async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-fs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function blocks(world: EtcdWorld): Promise<number> {
  return (await world.client.list('/storage/', { keysOnly: true })).entries.length;
}

test.serial('what one host changes the others see, and changes of both at once are all kept', async (t) => {
  const { fs } = pair(t);
  await fs[0].mkdir('/d');
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map((n) => fs[n % 2 === 0 ? 0 : 1].writeFile(`/d/${n}`, `content ${n}`)),
  );
  t.deepEqual(await fs[1].readdir('/d'), ['0', '1', '2', '3', '4', '5']);
  t.is(await fs[0].readFile('/d/3', 'utf8'), 'content 3');
});

test.serial('a file that somebody else changed while it was open is not overwritten', async (t) => {
  const { fs } = pair(t);
  await fs[0].writeFile('/f', 'one');
  const handle = await fs[0].open('/f', 'r+');
  await fs[1].writeFile('/f', 'two');
  await handle.write('1');
  await t.throwsAsync(handle.close(), { instanceOf: WorldError, code: 'conflict', message: /\/f/ });
  t.is(await fs[0].readFile('/f', 'utf8'), 'two');
});

test.serial('a batch is one change of the superblock, and none when it throws', async (t) => {
  const { worlds, fs } = pair(t);
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
  const { worlds, fs } = pair(t);
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
  const { fs } = pair(t);
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
  'a folder of thousands of files has a small superblock, and one change costs little',
  async (t) => {
    const { worlds, fs } = pair(t);
    await fs[0].batch(async () => {
      await fs[0].mkdir('/d');
      for (let n = 0; n < 3000; n += 1)
        await fs[0].writeFile(`/d/a file with a long name, number ${n}`, `${n % 10}`);
    });
    t.is((await fs[1].readdir('/d')).length, 3000);
    t.true(((await worlds[0].client.get('/fs/shared'))?.value.length ?? 0) < 10_000);
    const before = await blocks(worlds[0]);
    await fs[1].writeFile('/d/a file with a long name, number 7', 'new');
    t.true((await blocks(worlds[0])) - before <= 5);
  },
);

test.serial('gc frees what nothing names, and keeps deploys and every file system', async (t) => {
  const { worlds, fs } = pair(t);
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'file'), 'deployed');
  const { tree } = await worlds[0].putTree(folder);
  await fs[0].writeFile('/kept', randomBytes(1000));
  await worlds[0].fs('etcdfs:///fs/other').writeFile('/kept', 'too');
  await fs[0].writeFile('/gone', randomBytes(2_000_000));
  await fs[0].rm('/gone');
  const swept = await worlds[1].fsGc();
  t.true(swept.freed > 8);
  t.is(swept.kept, 3);
  t.is(await blocks(worlds[0]), 3);
  await worlds[0].getTree(tree, path.join(folder, 'out'));
  t.is((await fs[1].readFile('/kept')).length, 1000);
  t.is(await worlds[1].fs('etcdfs:///fs/other').readFile('/kept', 'utf8'), 'too');
});

test.serial('gc spares what an upload under way has put, and frees it once the upload is over', async (t) => {
  const { worlds, fs } = pair(t);
  const handle = await fs[0].open('/f', 'w');
  for (let n = 0; n < 6; n += 1) await handle.write(randomBytes(1_000_000));
  t.true((await blocks(worlds[0])) > 20);
  t.true((await worlds[1].fsGc()).spared > 20);
  await handle.close();
  t.is((await fs[1].readFile('/f')).length, 6_000_000);
  t.like(await worlds[1].fsGc(), { freed: 0, spared: 0 });
});

test.serial('gc at any moment takes nothing from those who write at the same time', async (t) => {
  const { worlds, fs } = pair(t);
  const folder = await scratch(t);
  await mkdir(path.join(folder, 'in'));
  const contents = Array.from({ length: 6 }, () => randomBytes(150_000));
  let sweeping = true;
  let freed = 0;
  const sweep = async () => {
    while (sweeping) freed += (await worlds[1].fsGc()).freed;
  };
  const swept = sweep();
  // The same few contents come and go, so that blocks which are found stored are often just being freed.
  for (let round = 0; round < 12; round += 1) {
    const content = contents[round % 3] ?? Buffer.alloc(0);
    await writeFile(path.join(folder, 'in/file'), content);
    await Promise.all([
      fs[0].copyIn(path.join(folder, 'in'), `/copied${round % 2}`),
      fs[0].writeFile('/streamed', contents[3 + (round % 3)] ?? ''),
    ]);
    t.true((await fs[1].readFile(`/copied${round % 2}/file`)).equals(content));
    t.true((await fs[1].readFile('/streamed')).equals(contents[3 + (round % 3)] ?? Buffer.alloc(0)));
    await fs[0].rm(`/copied${round % 2}`, { recursive: true });
    await fs[0].rm('/streamed');
  }
  sweeping = false;
  await swept;
  t.true(freed > 0);
  await worlds[0].fsGc();
  t.is(await blocks(worlds[0]), 0);
});

test.serial(
  'gc deletes nothing while it cannot read what a superblock names, and passes foreign keys over',
  async (t) => {
    const { worlds, fs } = pair(t);
    const warnings: string[] = [];
    const world = open(t, `/shared${made}`, warnings);
    await fs[0].writeFile('/gone', randomBytes(1000));
    await fs[0].rm('/gone');
    await world.client.set('/fs/foreign', Buffer.from([0xff, 0x00, 0x81]));
    await world.client.set('/storage/foreign', 'x');
    await t.throwsAsync(world.fsGc(), { instanceOf: WorldError, code: 'invalid', message: /\/fs\/foreign/ });
    t.is(await blocks(worlds[0]), 2);
    await t.throwsAsync(world.fs('etcdfs:///fs/foreign').readdir('/'), {
      code: 'invalid',
      message: /\/fs\/foreign/,
    });
    await world.client.del('/fs/foreign');
    t.like(await world.fsGc(), { freed: 1 });
    t.regex(warnings.join(), /Skipping \/storage\/foreign/);
  },
);

test.serial('a block that was tampered with or lost is said, not returned', async (t) => {
  const { worlds, fs } = pair(t);
  await fs[0].writeFile('/f', 'contents');
  const [entry] = (await worlds[0].client.list('/storage/')).entries;
  await worlds[0].client.set(entry?.key ?? '', '\0CONTENTS');
  await t.throwsAsync(fs[1].readFile('/f'), { instanceOf: WorldError, code: 'invalid' });
  await worlds[0].client.del(entry?.key ?? '');
  await t.throwsAsync(fs[1].readFile('/f'), {
    instanceOf: WorldError,
    code: 'not-found',
    message: /lacks its block/,
  });
});

test.serial('a URI that names no file system is refused, each with its reason', (t) => {
  made += 1;
  const world = open(t, `/shared${made}`);
  for (const [uri, reason] of [
    ['ftp:///fs/x', /scheme is ftp/],
    ['etcdfs://fs/x', /three slashes/],
    ['etcdfs:///x', /does not begin with \/fs\//],
    ['etcdfs:///fs/', /empty/],
    ['etcdfs:///fs/../x', /empty/],
    ['memmapfs:///x', /memmapfs:\/\/\//],
    ['nonsense', /no URI/],
  ] as const) {
    t.throws(() => world.fs(uri), { instanceOf: WorldError, code: 'invalid', message: reason });
  }
});

test.serial(
  'memmapfs is the standalone file system that the World was given, else one in memory',
  async (t) => {
    const standaloneFs = memoryFs();
    const options = { endpoints: [etcd.url], hostname: 'h1' };
    await using world = EtcdWorld.connect({ ...options, standaloneFs, getUri: () => 'memmapfs:///' });
    t.is(world.fs(world.uri()), standaloneFs);
    await using plain = EtcdWorld.connect(options);
    t.is(plain.uri(), URI);
    t.is(plain.fs('memmapfs:///'), plain.fs('memmapfs:///'));
    await plain.fs('memmapfs:///').writeFile('/f', 'x');
    await t.throwsAsync(standaloneFs.readFile('/f'), { instanceOf: FsError, code: 'ENOENT' });
  },
);

test.serial('nearing the quota is said before an upload', async (t) => {
  made += 1;
  const warnings: string[] = [];
  const world = open(t, `/shared${made}`, warnings, 1000);
  await world.fs(URI).writeFile('/f', randomBytes(1_000_000));
  t.regex(warnings.join(), /quota of 1000 bytes.*hawser fs gc.*defrag/);
});

test.serial('a full etcd is said with what helps, and by fsUsage', async (t) => {
  await using full = await Etcd.start(['--quota-backend-bytes', '3000000']);
  await using world = EtcdWorld.connect({ endpoints: [full.url], hostname: 'h1', quotaBytes: 3_000_000 });
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

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { explainUnreadable } from '../../../world/fs/deploy-trees/explain-unreadable.js';
import { EtcdWorld, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { Link } from '../helpers/link.js';
import { scratch } from './helpers/tree-scratch.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

const name = fc
  .stringMatching(/^[a-zA-Z0-9 ._ü-]{1,12}$/)
  .filter((text) => !['.', '..', '.git'].includes(text));
const file = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }),
  size: fc.oneof(fc.nat(100), fc.constantFrom(0, 262_143, 262_144, 262_145, 600_000)),
  seed: fc.nat(5),
  executable: fc.boolean(),
});

async function plant(
  root: string,
  files: readonly (typeof file extends fc.Arbitrary<infer T> ? T : never)[],
) {
  await mkdir(root);
  for (const { path: parts, size, seed, executable } of files) {
    // The parts of the directory end in a letter that no file's name begins with, so that none is both.
    const folder = path.join(root, ...parts.slice(0, -1).map((part) => `d-${part}`));
    await mkdir(folder, { recursive: true });
    const target = path.join(folder, `f-${parts.at(-1)}`);
    await writeFile(target, Buffer.alloc(size, `block ${seed} `));
    await chmod(target, executable ? 0o755 : 0o600);
  }
}

test.serial(
  'any directory comes back the same, and has the same name however often it is stored',
  async (t) => {
    const { world, folder } = await scratch(t, etcd);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 12 }), async (files) => {
        run += 1;
        const [from, to] = [path.join(folder, `from${run}`), path.join(folder, `to${run}`)];
        await plant(from, files);
        const { tree } = await world.putTree(from);
        await world.getTree(tree, to);
        await promisify(execFile)('diff', ['-r', '--no-dereference', from, to]);
        return (await world.putTree(to)).tree === tree;
      }),
      { numRuns: 15 },
    );
    t.true(run > 0);
  },
);

test.serial('a tree of so many files that its superblock is large comes back the same', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  for (let index = 0; index < 1000; index += 1) {
    await writeFile(path.join(from, `a file with a long name, number ${index}`), String(index % 50));
  }
  const stored = await world.putTree(from);
  t.is(stored.files, 1000);
  const superblock = await world.client.get(`/fs/deploy/${stored.tree}`);
  t.true((superblock?.value.length ?? 0) < 10_000);
  await world.getTree(stored.tree, path.join(folder, 'to'));
  t.is((await world.putTree(path.join(folder, 'to'))).tree, stored.tree);
});

test.serial('links inside the tree are kept, links that lead out of it are refused by name', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(path.join(from, 'bin'), { recursive: true });
  await symlink('../lib/nothing-yet', path.join(from, 'bin/tool'));
  const { tree } = await world.putTree(from);
  await world.getTree(tree, path.join(folder, 'to'));
  await symlink('../../secret', path.join(from, 'bin/out'));
  await t.throwsAsync(world.putTree(from), { instanceOf: WorldError, code: 'invalid', message: /bin\/out/ });
});

test.serial('names of any bytes, empty directories and hard links come back as they were', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
  const latin = (text: string) => Buffer.from(text, 'latin1');
  await mkdir(latin(`${from}/d\xe9p\xf4t/empty`), { recursive: true });
  await writeFile(latin(`${from}/d\xe9p\xf4t/caf\xe9`), 'latin');
  await writeFile(`${from}/café \uFFFD`, 'a name that is UTF-8');
  await symlink(latin('d\xe9p\xf4t/caf\xe9'), latin(`${from}/\xff`));
  await link(`${from}/café \uFFFD`, `${from}/again`);
  const { tree } = await world.putTree(from);
  await world.getTree(tree, to);
  await promisify(execFile)('diff', ['-r', '--no-dereference', from, to]);
  t.deepEqual(await readlink(latin(`${to}/\xff`), 'buffer'), latin('d\xe9p\xf4t/caf\xe9'));
  t.deepEqual(await readdir(latin(`${to}/d\xe9p\xf4t/empty`)), []);
  t.is((await stat(`${to}/again`)).nlink, 1);
  t.is((await world.putTree(to)).tree, tree);
});

test.serial('after an upload that was cut only the rest is sent', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  await writeFile(path.join(from, 'file'), randomBytes(20_000_000));
  const cut = new AbortController();
  let sent = 0;
  const cutPut = world.putTree(from, {
    signal: cut.signal,
    onProgress: ({ bytes }) => {
      sent = bytes;
      if (bytes > 4_000_000) cut.abort(new Error('the lid was closed'));
    },
  });
  await t.throwsAsync(cutPut, { message: 'the lid was closed' });
  // With the list of the file's blocks.
  const { uploadedBytes, tree } = await world.putTree(from);
  t.true(uploadedBytes > 0 && uploadedBytes <= 20_100_000 - sent, `${uploadedBytes} more after ${sent}`);
  t.like(await world.putTree(from), { tree, uploadedBytes: 0 });
});

test.serial('what a directory beside holds is taken from there, and only if it is the same', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const [from, alike, to] = ['from', 'alike', 'to'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(from);
  const big = randomBytes(900_000);
  const [same, other, linked] = [randomBytes(5_000), randomBytes(5_000), randomBytes(5_000)];
  await writeFile(path.join(from, 'big'), big, { mode: 0o755 });
  for (const [name, data] of Object.entries({ same, other, linked }))
    await writeFile(path.join(from, name), data);
  await writeFile(path.join(from, 'empty'), '');
  const { tree } = await world.putTree(from);
  await promisify(execFile)('cp', ['-a', from, alike]);
  await writeFile(path.join(alike, 'other'), Buffer.alloc(5_000, 'changed'));
  await rm(path.join(alike, 'linked'));
  await symlink(path.join(from, 'linked'), path.join(alike, 'linked'));
  await writeFile(path.join(alike, 'big'), 'changed', { flag: 'r+' });
  // Only what is not the same there has to be stored: the rest is not asked for.
  const key = (data: Buffer) => `/storage/${createHash('sha256').update(data).digest('hex')}`;
  await world.client.del(key(same));
  await world.getTree(tree, to, { alike });
  await promisify(execFile)('diff', ['-r', '--no-dereference', from, to]);
  t.is((await stat(path.join(to, 'big'))).mode & 0o777, 0o755);
  await world.client.del(key(linked));
  const missing = world.getTree(tree, path.join(folder, 'again'), { alike });
  await t.throwsAsync(missing, { code: 'not-found' });
  await world.getTree(tree, path.join(folder, 'again'), { alike: to });
});

test.serial('a pipe in the directory is refused by name instead of waiting for its writer', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  await promisify(execFile)('mkfifo', [path.join(folder, 'pipe')]);
  await t.throwsAsync(world.putTree(folder), { instanceOf: WorldError, code: 'invalid', message: /pipe/ });
});

test.serial('modes come back, also those that forbid writing', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(path.join(from, 'closed'), { recursive: true });
  await writeFile(path.join(from, 'closed/file'), 'x', { mode: 0o444 });
  await chmod(path.join(from, 'closed'), 0o555);
  const { tree } = await world.putTree(from);
  await world.getTree(tree, path.join(folder, 'to'));
  t.is((await stat(path.join(folder, 'to/closed'))).mode & 0o777, 0o555);
  t.is((await stat(path.join(folder, 'to/closed/file'))).mode & 0o777, 0o444);
  t.is((await stat(path.join(folder, 'to'))).mode & 0o777, 0o755);
});

test.serial('what is stored already is not sent again, and progress tells how far it is', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  const block = (letter: string): Buffer => Buffer.alloc(262_144, letter);
  await writeFile(path.join(from, 'one'), Buffer.concat([block('a'), block('b'), block('a')]));
  t.like(await world.putTree(from), { sizeBytes: 786_432, uploadedBlocks: 2, uploadedBytes: 524_288 });
  await writeFile(path.join(from, 'two'), block('c'));
  const seen: number[] = [];
  const stored = await world.putTree(from, { onProgress: ({ bytes, of }) => seen.push(bytes / of) });
  t.like(stored, { uploadedBlocks: 1, uploadedBytes: 262_144 });
  t.deepEqual(seen, [0.75, 1]);
});

test.serial('an aborted transfer rejects with the reason and leaves nothing', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const from = path.join(folder, 'from');
  await mkdir(from);
  await writeFile(path.join(from, 'file'), Buffer.alloc(5_000_000, 'x'));
  const reason = new Error('enough');
  const controller = new AbortController();
  const putting = world.putTree(from, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  t.is(
    await putting.then(
      () => undefined,
      (error: unknown) => error,
    ),
    reason,
  );
  const { tree } = await world.putTree(from);
  const getting = world.getTree(tree, path.join(folder, 'to'), { signal: AbortSignal.abort(reason) });
  t.is(
    await getting.then(
      () => undefined,
      (error: unknown) => error,
    ),
    reason,
  );
  t.deepEqual(await readdir(folder), ['from']);
});

test.serial(
  'a file that goes away while it is read, or may not be read, is named with what to do',
  async (t) => {
    const { world, folder } = await scratch(t, etcd);
    const gone = path.join(folder, 'gone');
    await writeFile(gone, '');
    const goes = world.putTree(folder, {
      isLeftOut: () => {
        rmSync(gone, { force: true });
        return false;
      },
    });
    await t.throwsAsync(goes, {
      code: 'conflict',
      message: `${gone} went away while the directory was read: try again when nothing writes to it.`,
    });
    const refused = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/app/key' });
    t.like(explainUnreadable(refused) as WorldError, {
      code: 'invalid',
      message:
        'Cannot read /app/key: this user may not. Make it readable, or leave it out ("exclude" in hawser.yaml, or .hawserignore).',
    });
  },
);

test.serial('a file that changes between hashing and sending fails the upload by name', async (t) => {
  const { world, folder } = await scratch(t, etcd);
  const changing = path.join(folder, 'changing');
  await writeFile(changing, Buffer.alloc(1000, 'a'));
  const putting = world.putTree(folder, { onProgress: () => writeFileSync(changing, 'new') });
  await t.throwsAsync(putting, { instanceOf: WorldError, code: 'conflict', message: /changing/ });
  t.is((await readFile(changing)).length, 3);
});

test.serial('a transfer goes on over a link that is cut', async (t) => {
  const { world: near, folder } = await scratch(t, etcd);
  await using way = await Link.to(etcd.port);
  await using world = EtcdWorld.create({ seeds: [way.url], hostname: 'h1', namespace: '/cut-tree' });
  const from = path.join(folder, 'from');
  await mkdir(from);
  await writeFile(path.join(from, 'file'), randomBytes(10_000_000));
  const { tree } = await world.putTree(from, { onProgress: () => way.cut() });
  const getting = world.getTree(tree, path.join(folder, 'to'));
  await near.members();
  way.cut();
  await getting;
  t.is((await world.putTree(path.join(folder, 'to'))).tree, tree);
});

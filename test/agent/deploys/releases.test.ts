import { mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { AppFolder } from '../../../agent/deploys/releases/app-folder.js';
import {
  chooseSpareRelease,
  type PresentRelease,
} from '../../../agent/deploys/releases/choose-spare-release.js';
import { type DeployEntry, entryOf } from '../../../agent/deploys/releases/deploy-entry.js';
import { Releases } from '../../../agent/deploys/releases/releases.js';
import { type Manifest, serialiseDeployment } from '../../../world/internal.js';

/** A deploy as the log has it; another message makes it another one. */
function deploy(
  id: number,
  message = '',
  manifest: Partial<Manifest> = {},
  { tree = id, noop = false }: { readonly tree?: number; readonly noop?: boolean } = {},
): DeployEntry {
  const payload = serialiseDeployment({
    hawser: 1,
    name: 'app',
    message,
    author: 'ann',
    createdAt: '2026-01-01T00:00:00Z',
    tree: String(tree).padStart(64, '0'),
    noop,
    hosts: ['h1'],
    manifest: { name: 'app', ...manifest },
  });
  const entry = entryOf(id, payload);
  if (entry === undefined) throw new Error('that is no deploy');
  return entry;
}

/** An app without releases; `prefix` is its directory. */
async function emptyApp(t: ExecutionContext): Promise<{ prefix: string; releases: Releases }> {
  const agentPrefix = await mkdtemp(path.join(tmpdir(), 'hawser-releases-'));
  t.teardown(() => rm(agentPrefix, { recursive: true }));
  const folder = new AppFolder(agentPrefix, 'app');
  return { prefix: folder.path, releases: new Releases(folder) };
}

async function fill(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(path.join(folder, 'app'), 'x');
}

const how = { fill, account: undefined, fleet: undefined, before: undefined };

test.serial('a release appears whole, and current is switched to it by a relative link', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  t.is(await releases.current(), undefined);
  await releases.unpack(deploy(1), how);
  t.is(await releases.current(), undefined);
  await releases.activate('1');
  t.is(await releases.current(), '1');
  t.is(await readlink(path.join(prefix, 'current')), 'releases/1');
  t.deepEqual(await readdir(path.join(prefix, 'current')), ['app']);
  await releases.activate(undefined);
  t.is(await releases.current(), undefined);
});

test.serial('a release that cannot be unpacked leaves nothing', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  const failing = async (folder: string) => {
    await fill(folder);
    throw new Error('disk full');
  };
  await t.throwsAsync(releases.unpack(deploy(1), { ...how, fill: failing }), { message: 'disk full' });
  for (const folder of ['releases', 'incoming', 'deploys'])
    t.deepEqual(await readdir(path.join(prefix, folder)), []);
});

test.serial('what an interrupted try left is replaced', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  await mkdir(path.join(prefix, 'incoming', '1', 'old'), { recursive: true });
  await mkdir(path.join(prefix, 'releases', '1', 'old'), { recursive: true });
  const { name } = await releases.unpack(deploy(1), how);
  t.deepEqual(await readdir(releases.pathOf(name)), ['app']);
  t.deepEqual(await readdir(path.join(prefix, 'releases')), ['1']);
  t.deepEqual(await readdir(path.join(prefix, 'incoming')), []);
});

test.serial('pruning keeps the newest five, the current one and the last healthy one', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  for (let id = 1; id <= 9; id += 1) await releases.unpack(deploy(id, '', { keep: 9 }), how);
  await releases.activate('2');
  await releases.markHealthy('3');
  await releases.prune();
  t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['2', '3', '5', '6', '7', '8', '9']);
  await releases.prune(1, ['6']);
  t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['2', '3', '6', '9']);
});

test.serial(
  'a release takes over what one of the same tree holds, or one that would be removed',
  async (t) => {
    const { releases } = await emptyApp(t);
    const reused: (string | undefined)[] = [];
    const unpack = async (entry: DeployEntry) => {
      const { name } = await releases.unpack(entry, {
        ...how,
        fill: async (folder, reuse) => {
          reused.push(reuse && path.basename(reuse));
          await (reuse === undefined ? fill(folder) : rename(reuse, folder));
        },
      });
      return name;
    };
    for (const id of [1, 2]) await releases.markHealthy(await unpack(deploy(id)));
    await releases.activate('2');
    t.is(await unpack(deploy(3, 'try', {}, { tree: 1, noop: true })), '3');
    await releases.discard('3');
    t.is(await unpack(deploy(4, 'back', {}, { tree: 1 })), '4');
    t.is(await unpack(deploy(5, 'what runs', {}, { tree: 2 })), '5');
    t.is(await unpack(deploy(6, 'one more', { keep: 3 })), '6');
    t.deepEqual(reused, [undefined, undefined, undefined, '1', undefined, undefined]);
    // The third place is that of release 2, which runs; behind it nothing is.
    t.is(await unpack(deploy(7, 'one more', { keep: 3 })), '7');
    t.is(reused.at(-1), '4');
    t.deepEqual((await readdir(releases.folder.records)).sort(), ['2.json', '5.json', '6.json', '7.json']);
  },
);

test.serial('nothing is taken over from a release of another user, or from one that is damaged', (t) => {
  const release = { tree: 'a', isInUse: false, uid: 7 };
  const { deployment } = deploy(9);
  const choose = (...present: PresentRelease[]) =>
    chooseSpareRelease(present, { ...deployment, tree: 'a', manifest: { name: 'app', keep: 2 } }, 7);
  t.is(choose({ ...release, name: 'same' }), 'same');
  t.is(choose({ ...release, name: 'theirs', uid: 8 }), undefined);
  t.is(choose({ ...release, name: 'used', isInUse: true }), undefined);
  const other = { ...release, tree: 'b' };
  t.is(choose({ ...other, name: 'new' }, { ...other, name: 'old' }, { ...other, name: 'oldest' }), 'oldest');
  t.is(choose({ ...other, name: 'new' }, { ...other, name: 'damaged', tree: undefined }), undefined);
  t.is(choose({ ...other, name: 'new' }, { ...other, name: 'theirs', uid: 8 }), undefined);
});

test.serial('a release is known with its deploy, by whoever looks at the disk', async (t) => {
  const { releases: first } = await emptyApp(t);
  const entry = deploy(7, 'the first');
  const { name } = await first.unpack(entry, { ...how, fleet: 'a-fleet', before: '6' });
  const releases = new Releases(first.folder);
  t.deepEqual(await releases.read(name), { ...entry, name: '7', fleet: 'a-fleet', before: '6' });
  t.deepEqual(await releases.find(entry), await releases.read(name));
  t.is(await releases.find(deploy(7, 'another')), undefined);
  t.is(await releases.read('8'), undefined);
});

test.serial(
  "another fleet's deploy with the same number goes beside the release that is in use",
  async (t) => {
    const { releases } = await emptyApp(t);
    const [ours, theirs] = [deploy(7, 'ours'), deploy(7, 'theirs')];
    await releases.unpack(ours, how);
    await releases.markHealthy('7');
    const { name } = await releases.unpack(theirs, how);
    t.is(name, `7-${theirs.digest.slice(0, 8)}`);
    await releases.markHealthy(name);
    t.is(await releases.lastHealthy(), name);
    t.is((await releases.read('7'))?.digest, ours.digest);
    t.is((await releases.read(name))?.digest, theirs.digest);
  },
);

test.serial(
  'what the end of the power has left half done is removed at the next start, and nothing else',
  async (t) => {
    const { prefix, releases } = await emptyApp(t);
    for (const id of [1, 2, 3]) await releases.unpack(deploy(id), how);
    await releases.markHealthy('2');
    await releases.activate('3');
    for (const name of ['.9.partial', '4', '1-x']) await fill(path.join(prefix, 'releases', name));
    for (const name of ['5', '.5.partial.0a1b2c3d.partial', '1.old'])
      await fill(path.join(prefix, 'incoming', name));
    await writeFile(path.join(prefix, 'deploys', '9.json'), '{}');
    await releases.tidy(() => undefined);
    // The third was being tried, and a hook may have stopped in the middle of it.
    t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['1', '2']);
    t.deepEqual((await readdir(path.join(prefix, 'deploys'))).sort(), ['1.json', '2.json']);
    t.deepEqual(await readdir(path.join(prefix, 'incoming')), []);
  },
);

test.serial('releases share directories by links, in place of what they bring themselves', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  const fillShared = async (folder: string) => {
    await fill(folder);
    await mkdir(path.join(folder, 'uploads'));
    await writeFile(path.join(folder, 'uploads', 'sample'), 'x');
  };
  const shared = ['uploads', 'var/cache/'];
  for (const id of [1, 2]) {
    const release = await releases.unpack(deploy(id, '', { shared }), { ...how, fill: fillShared });
    await writeFile(path.join(releases.pathOf(release.name), 'uploads', `of ${id}`), 'kept');
    await writeFile(path.join(releases.pathOf(release.name), 'var', 'cache', `of ${id}`), 'kept');
  }
  t.is(await readlink(path.join(releases.pathOf('2'), 'var', 'cache')), '../../../shared/var/cache');
  t.deepEqual((await readdir(path.join(prefix, 'shared', 'uploads'))).sort(), ['of 1', 'of 2']);
  await releases.discard('1');
  t.deepEqual((await readdir(path.join(releases.pathOf('2'), 'var', 'cache'))).sort(), ['of 1', 'of 2']);

  await releases.removeApp();
  t.deepEqual(await readdir(prefix), ['shared']);
  t.true(await releases.isGone());
  for (const [name, why] of [
    ['../up', /is not a path within the app/],
    ['/etc', /is not a path within the app/],
    ['app/x', /app is not a directory/],
    ['link/x', /link is not a directory/],
  ] as const) {
    const fillLink = async (folder: string) => {
      await fill(folder);
      await symlink(prefix, path.join(folder, 'link'));
    };
    const broken = releases.unpack(deploy(3, '', { shared: [name] }), { ...how, fill: fillLink });
    t.regex((await t.throwsAsync(broken))?.message ?? '', why);
  }
  t.deepEqual(await readdir(path.join(prefix, 'releases')), []);
});

test.serial('a removed app without shared files leaves nothing', async (t) => {
  const { prefix, releases } = await emptyApp(t);
  await releases.unpack(deploy(1), how);
  await releases.activate('1');
  await releases.markHealthy('1');
  await releases.removeApp();
  t.deepEqual(await readdir(path.dirname(prefix)), []);
  await releases.removeApp();
  t.true(await releases.isGone());
});

test.serial('what is no name of an app never becomes a path', (t) => {
  for (const name of ['', '.', '..', 'a/b', '-a', 'A', `a\0`, 'a'.repeat(64)])
    t.throws(() => new AppFolder('/nowhere', name), { message: /is no name of an app/ });
});

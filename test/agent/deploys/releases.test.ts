import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DeployEntry, entryOf, Releases } from '../../../agent/deploys/releases.js';
import { serialiseDeployment } from '../../../world/index-without-ssh.js';

/** A deploy as the log has it; another message makes it another one. */
function deploy(id: number, message = ''): DeployEntry {
  const payload = serialiseDeployment({
    hawser: 1,
    name: 'app',
    message,
    author: 'ann',
    createdAt: '2026-01-01T00:00:00Z',
    tree: '0'.repeat(64),
    noop: false,
    hosts: ['h1'],
    manifest: { name: 'app' },
  });
  const entry = entryOf(id, payload);
  if (entry === undefined) throw new Error('that is no deploy');
  return entry;
}

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
  t.is(await releases.current(), undefined);
  await releases.unpack(deploy(1), fill);
  t.is(await releases.current(), undefined);
  await releases.activate('1');
  t.is(await releases.current(), '1');
  t.is(await readlink(path.join(prefix, 'current')), 'releases/1');
  t.deepEqual(await readdir(path.join(prefix, 'current')), ['app']);
  await releases.activate(undefined);
  t.is(await releases.current(), undefined);
});

test.serial('a release that cannot be unpacked leaves nothing', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  const broken = releases.unpack(deploy(1), async (folder) => {
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
  const { name } = await releases.unpack(deploy(1), fill);
  t.deepEqual(await readdir(releases.folder(name)), ['app']);
  t.deepEqual(await readdir(path.join(prefix, 'releases')), ['1']);
});

test.serial('pruning keeps the newest five, the current one and the last healthy one', async (t) => {
  const prefix = await emptyPrefix(t);
  const releases = new Releases(prefix);
  for (let id = 1; id <= 9; id += 1) await releases.unpack(deploy(id), fill);
  await releases.activate('2');
  await releases.markHealthy('3');
  await releases.prune();
  t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['2', '3', '5', '6', '7', '8', '9']);
});

test.serial('a release is known with its deploy, by whoever looks at the disk', async (t) => {
  const prefix = await emptyPrefix(t);
  const first = deploy(7, 'the first');
  const { name } = await new Releases(prefix).unpack(first, fill);
  const releases = new Releases(prefix);
  t.deepEqual(await releases.read(name), { ...first, name: '7' });
  t.is(await releases.read('8'), undefined);
});

test.serial(
  "another fleet's deploy with the same number goes beside the release that is in use",
  async (t) => {
    const prefix = await emptyPrefix(t);
    const releases = new Releases(prefix);
    const [ours, theirs] = [deploy(7, 'ours'), deploy(7, 'theirs')];
    await releases.unpack(ours, fill);
    await releases.markHealthy('7');
    const { name } = await releases.unpack(theirs, fill);
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
    const prefix = await emptyPrefix(t);
    const releases = new Releases(prefix);
    for (const id of [1, 2]) await releases.unpack(deploy(id), fill);
    await releases.markHealthy('1');
    const half = ['.3.partial', '..3.partial.0a1b2c3d.partial', '4', '.5.old'];
    for (const name of half) await fill(path.join(prefix, 'releases', name));
    await writeFile(path.join(prefix, 'deploys', '9.json'), '{}');
    await releases.tidy(() => undefined);
    t.deepEqual((await readdir(path.join(prefix, 'releases'))).sort(), ['1', '2']);
    t.deepEqual((await readdir(path.join(prefix, 'deploys'))).sort(), ['1.json', '2.json']);
  },
);

test.serial('a release of an older agent, which noted no deploy, stays while a link names it', async (t) => {
  const prefix = await emptyPrefix(t);
  await mkdir(path.join(prefix, 'releases', '3'), { recursive: true });
  await symlink('releases/3', path.join(prefix, 'last-healthy'));
  const releases = new Releases(prefix);
  await releases.tidy(() => undefined);
  t.true((await readdir(path.join(prefix, 'releases'))).includes('3'));
  t.is(await releases.lastHealthy(), '3');
});

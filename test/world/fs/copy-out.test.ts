import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { LocalFolder } from '../../../world/fs/copy/local-folder.js';
import { mergeIntoFolder } from '../../../world/fs/copy/merge-into-folder.js';
import { nestEntries } from '../../../world/fs/copy/nest-entries.js';
import { StagingFolder } from '../../../world/fs/copy/staging-folder.js';
import { EMPTY_ROOT } from '../../../world/fs/tree/tree-node.js';
import { memoryFs, WorldError } from '../../../world/index.js';
import { scratch } from './helpers/pair.js';

/** Someone's home with a directory to copy to in it, and a file system of the World. */
async function home(t: ExecutionContext) {
  const folder = await scratch(t);
  await mkdir(path.join(folder, '.ssh'));
  await writeFile(path.join(folder, '.ssh/authorized_keys'), 'mine');
  await writeFile(path.join(folder, '.bashrc'), 'mine');
  const out = path.join(folder, 'out');
  return { folder, out, fs: memoryFs() };
}

async function nothingOfMineChanged(t: ExecutionContext, folder: string): Promise<void> {
  t.deepEqual(await readdir(path.join(folder, '.ssh')), ['authorized_keys']);
  t.is(await readFile(path.join(folder, '.ssh/authorized_keys'), 'utf8'), 'mine');
  t.is(await readFile(path.join(folder, '.bashrc'), 'utf8'), 'mine');
}

/** What is left beside the results of a copy. */
async function leftovers(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).filter((name) => name.includes('.partial'));
}

test('links that lead out are refused by name and nothing is written, however the World changes between two copies', async (t) => {
  const { folder, out, fs } = await home(t);
  for (const [name, target] of [
    ['d', '../.ssh'],
    ['rc', '../.bashrc'],
    ['absolute', '/etc'],
    ['deep', 'inside/../../.ssh'],
  ] as const) {
    const one = memoryFs();
    await one.mkdir('/inside');
    await one.symlink(target, `/${name}`);
    const error = await t.throwsAsync(one.copyOut('/', out), { instanceOf: WorldError });
    t.like(error, { code: 'unsafe' });
    t.true(error?.message.includes(`"${name}"`) && error.message.includes(target), error?.message);
  }
  t.deepEqual(await readdir(folder), ['.bashrc', '.ssh']);
  // Now what somebody else made of them here is in the way.
  await mkdir(out);
  await symlink('../.ssh', path.join(out, 'd'));
  await symlink('../.bashrc', path.join(out, 'rc'));
  await fs.writeFile('/rc', 'theirs');
  await fs.copyOut('/', out);
  t.true((await lstat(path.join(out, 'rc'))).isFile());
  await fs.mkdir('/d');
  await fs.writeFile('/d/authorized_keys', 'theirs');
  const error = await t.throwsAsync(fs.copyOut('/', out), { instanceOf: WorldError });
  t.like(error, { code: 'unsafe' });
  t.regex(error?.message ?? '', /out\/d: it is a symbolic link here/);
  await nothingOfMineChanged(t, folder);
  t.deepEqual(await leftovers(folder), []);
});

test('a link or hard link in the place of a file is replaced, and the file that it names stays', async (t) => {
  const { folder, out, fs } = await home(t);
  await mkdir(path.join(out, 'sub'), { recursive: true });
  await symlink('../../.bashrc', path.join(out, 'sub/soft'));
  await symlink('nowhere', path.join(out, 'sub/dangling'));
  await link(path.join(folder, '.bashrc'), path.join(out, 'sub/hard'));
  await fs.mkdir('/sub');
  for (const name of ['soft', 'dangling', 'hard']) await fs.writeFile(`/sub/${name}`, `their ${name}`);
  t.like(await fs.copyOut('/', out), { files: 3, local: out });
  await nothingOfMineChanged(t, folder);
  for (const name of ['soft', 'dangling', 'hard']) {
    t.true((await lstat(path.join(out, 'sub', name))).isFile());
    t.is(await readFile(path.join(out, 'sub', name), 'utf8'), `their ${name}`);
  }
  t.deepEqual((await readdir(path.join(out, 'sub'))).sort(), ['dangling', 'hard', 'soft']);
});

test('a link that is named is followed as cp does, one with the name of the file in a named directory is not', async (t) => {
  const { folder, out, fs } = await home(t);
  await fs.writeFile('/rc', 'theirs');
  const named = path.join(folder, 'named');
  await symlink('.bashrc', named);
  await fs.copyOut('/rc', named);
  t.is(await readlink(named), '.bashrc');
  t.is(await readFile(path.join(folder, '.bashrc'), 'utf8'), 'theirs');
  await writeFile(path.join(folder, '.bashrc'), 'mine');

  await mkdir(out);
  await symlink('../.bashrc', path.join(out, 'rc'));
  await symlink('out', path.join(folder, 'way'));
  t.like(await fs.copyOut('/rc', path.join(folder, 'way')), { local: path.join(folder, 'way/rc') });
  t.is(await readFile(path.join(out, 'rc'), 'utf8'), 'theirs');
  await nothingOfMineChanged(t, folder);

  const dangling = path.join(folder, 'dangling');
  await symlink('.bash_login', dangling);
  for (const source of ['/rc', '/'])
    await t.throwsAsync(fs.copyOut(source, dangling), { code: 'unsafe', message: /dangling/ });
  t.false((await readdir(folder)).includes('.bash_login'));
});

test('a pipe, a socket or a device in the way is left alone, and nobody waits for it', async (t) => {
  const { folder, out, fs } = await home(t);
  await mkdir(out);
  const pipe = path.join(out, 'f');
  await promisify(execFile)('mkfifo', [pipe]);
  await fs.writeFile('/f', 'theirs');
  const refused = { instanceOf: WorldError, code: 'unsafe', message: /pipe/ };
  await t.throwsAsync(fs.copyOut('/', out), refused);
  await t.throwsAsync(fs.copyOut('/f', out), refused);
  await t.throwsAsync(fs.copyOut('/f', pipe), refused);
  await t.throwsAsync(fs.copyOut('/f', '/dev/null'), { ...refused, message: /\/dev\/null.*device/ });
  t.true((await lstat(pipe)).isFIFO());
  t.deepEqual(await leftovers(folder), []);
});

test('what is a directory on one side and a file on the other is refused before anything is written', async (t) => {
  const { out, fs } = await home(t);
  await mkdir(path.join(out, 'a/folder'), { recursive: true });
  await writeFile(path.join(out, 'file'), 'mine');
  const conflict = { instanceOf: WorldError, code: 'conflict' };
  await fs.mkdir('/a');
  await fs.writeFile('/a/1', 'theirs');
  await fs.writeFile('/a/folder', 'theirs');
  await t.throwsAsync(fs.copyOut('/', out), { ...conflict, message: /a\/folder: it is a directory here/ });
  await fs.rm('/a/folder');
  await fs.mkdir('/file');
  await t.throwsAsync(fs.copyOut('/', out), { ...conflict, message: /file: it is a file here/ });
  t.deepEqual(await readdir(path.join(out, 'a')), ['folder']);
});

test('set-id and sticky bits are dropped, and a directory that is there keeps its mode', async (t) => {
  const { out, fs } = await home(t);
  await mkdir(path.join(out, 'there'), { recursive: true });
  await chmod(out, 0o750);
  await chmod(path.join(out, 'there'), 0o700);
  for (const name of ['there', 'there/new', 'made']) {
    await fs.mkdir(`/${name}`);
    await fs.chmod(`/${name}`, 0o7777);
  }
  await fs.writeFile('/there/tool', 'theirs');
  await fs.chmod('/there/tool', 0o6755);
  await fs.chmod('/', 0o7777);
  await fs.copyOut('/', out);
  await fs.copyOut('/', `${out}/copy/of/it`);
  const mode = async (name: string) => ((await stat(path.join(out, name))).mode & 0o7777).toString(8);
  t.is(await mode('.'), '750');
  t.is(await mode('there'), '700');
  for (const name of ['there/new', 'made', 'copy/of/it', 'copy/of/it/there']) t.is(await mode(name), '777');
  for (const name of ['there/tool', 'copy/of/it/there/tool']) t.is(await mode(name), '755');
});

test('a copy that fails or is aborted leaves what was there as it was', async (t) => {
  const { folder, out, fs } = await home(t);
  await mkdir(out);
  await writeFile(path.join(out, 'f'), 'mine');
  await fs.writeFile('/f', Buffer.alloc(3_000_000, 'theirs'));
  const [controller, reason] = [new AbortController(), new Error('enough')];
  const copying = fs.copyOut('/', out, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  t.is(
    await copying.then(
      () => undefined,
      (error: unknown) => error,
    ),
    reason,
  );
  t.is(await readFile(path.join(out, 'f'), 'utf8'), 'mine');
  t.deepEqual(await leftovers(folder), []);
});

for (const reach of ['descriptor', 'path'] as const)
  test(`a directory that is swapped for a link while it is open leads nowhere else, reached by its ${reach}`, async (t) => {
    const { folder, out } = await home(t);
    await mkdir(path.join(out, 'd'), { recursive: true });
    await using opened = await LocalFolder.open(out, reach);
    await using inner = await opened.folder('d');
    await rename(path.join(out, 'd'), path.join(out, 'moved'));
    await symlink('../.ssh', path.join(out, 'd'));
    const writing = inner.use('authorized_keys', (at) => writeFile(at, 'theirs'));
    if (reach === 'path') await t.throwsAsync(writing, { instanceOf: WorldError, code: 'unsafe' });
    else await t.notThrowsAsync(writing);
    await t.throwsAsync(opened.folder('d'), { code: 'ENOTDIR', message: /out\/d/ });
    await nothingOfMineChanged(t, folder);
  });

test('what goes below a directory that is on another disk is copied there and set in place whole', async (t) => {
  const { out } = await home(t);
  await mkdir(out);
  const elsewhere = await mkdtemp('/dev/shm/hawser-');
  t.teardown(() => rm(elsewhere, { recursive: true, force: true }));
  t.not((await stat(elsewhere)).dev, (await stat(out)).dev);
  await symlink('/etc/passwd', path.join(elsewhere, 'f'));
  const file = { type: 'file', mode: 0o4640, sizeBytes: 6, blocks: [] } as const;
  const branch = nestEntries(EMPTY_ROOT, [
    ['d', { ...EMPTY_ROOT, mode: 0o750 }],
    ['d/l', { type: 'symlink', target: '../f' }],
    ['f', file],
  ]);
  await using into = await LocalFolder.open(elsewhere);
  await using near = await LocalFolder.open(out);
  await using staging = await StagingFolder.in(near);
  await mkdir(path.join(out, staging.name, 'd'));
  await symlink('../f', path.join(out, staging.name, 'd/l'));
  await writeFile(path.join(out, staging.name, 'f'), 'theirs');
  await mergeIntoFolder({ into, branch }, staging.folder, undefined);
  t.deepEqual((await readdir(elsewhere, { recursive: true })).sort(), ['d', 'd/l', 'f']);
  t.is(await readFile(path.join(elsewhere, 'd/l'), 'utf8'), 'theirs');
  t.is((await lstat(path.join(elsewhere, 'f'))).mode & 0o7777, 0o640);
  t.is((await stat(path.join(elsewhere, 'd'))).mode & 0o7777, 0o750);
});

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { resolveEtcd } from '../../../fixtures/index.js';
import { snapshotTool } from '../../world/helpers/etcdctl.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';

let fleet: DirectEtcd;
let folder: string;

test.before(async () => {
  fleet = await DirectEtcd.start();
  folder = await mkdtemp(path.join(tmpdir(), 'hawser-backup-'));
});
test.after.always(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test.serial('a backup is a file for its owner that etcd can restore', async (t) => {
  await using world = fleet.world('h1');
  await world.strSet('motd', 'hello');
  const file = path.join(folder, 'fleet.db');
  const saved = (await fleet.json(['backup', file])) as { sizeBytes: number; revision: number };
  const { mode, size } = await stat(file);
  t.is(mode & 0o777, 0o600);
  t.is(size, saved.sizeBytes);
  t.true(saved.revision >= 2);
  t.regex(await snapshotTool((await resolveEtcd()).etcd, 'status', file), /^[0-9a-f]+, \d+, \d+, /);
  t.deepEqual(await readdir(folder), ['fleet.db']);
});

test.serial('a file that is there is replaced only if that was said', async (t) => {
  const file = path.join(folder, 'kept');
  await writeFile(file, 'mine');
  const refused = await fleet.run(['backup', file]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /kept exists: choose another name, or replace it with --force/);
  t.is(await readFile(file, 'utf8'), 'mine');
  t.is((await fleet.run(['backup', file, '--force'])).code, 0);
  t.true((await stat(file)).size > 10_000);
});

test.serial('what cannot be written is named, and nothing is left', async (t) => {
  const { code, stderr } = await fleet.run(['backup', path.join(folder, 'missing', 'x.db')]);
  t.is(code, 1);
  t.regex(stderr, /^hawser: There is no .*missing\/x\.db\.\w+\.part on this machine/);
});

test.serial('backups to one file at once do not disturb each other, or what is beside it', async (t) => {
  const file = path.join(folder, 'twice.db');
  await writeFile(`${file}.part`, 'mine');
  const runs = await Promise.all([1, 2, 3].map(() => fleet.run(['backup', file, '--force'])));
  t.deepEqual(
    runs.map(({ code, stderr }) => [code, stderr]),
    runs.map(() => [0, '']),
  );
  t.is(await readFile(`${file}.part`, 'utf8'), 'mine');
  t.regex(await snapshotTool((await resolveEtcd()).etcd, 'status', file), /^[0-9a-f]+, /);
});

test.serial('what is no file is left alone', async (t) => {
  const pipe = path.join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const { code, stderr } = await fleet.run(['backup', pipe, '--force']);
  t.is(code, 2);
  t.regex(stderr, /pipe is not a regular file/);
  t.true((await stat(pipe)).isFIFO());
});

test.serial('a backup to standard output is refused plainly', async (t) => {
  const { code, stdout, stderr } = await fleet.run(['backup', '-']);
  t.is(code, 2);
  t.is(stdout, '');
  t.is(
    stderr,
    'hawser: A backup is written to a file, not to standard output: give its name, or ./- for a file of that name.\n',
  );
});

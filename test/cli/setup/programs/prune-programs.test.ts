import { mkdir, open, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LogLevel } from '../../../../base/log.js';
import { PROGRAMS_FOLDER } from '../../../../cli/setup/programs/local-program.js';
import { prunePrograms, type RunningPrograms } from '../../../../cli/setup/programs/prune-programs.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { localHost } from './local-host.js';

const { signal } = new AbortController();
const [oldest, before, current] = ['a', 'b', 'c'].map((digit) => digit.repeat(16)) as [
  string,
  string,
  string,
];
const part = `incoming/${'d'.repeat(64)}.gz`;
const node = (version: string) => `${PROGRAMS_FOLDER}/runtime/node-${version}/bin/node`;

/** A host that has had three versions, and on which sending was cut. */
async function scene(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const opt = path.join(folder, 'opt');
  const put = async (file: string, content = '') => {
    await mkdir(path.dirname(path.join(opt, file)), { recursive: true });
    await writeFile(path.join(opt, file), content);
  };
  for (const release of [oldest, before, current]) await put(`releases/${release}/hawser.cjs`);
  for (const version of ['22.1.0', '24.0.0', '24.1.0', 'e'.repeat(16)])
    await put(`runtime/node-${version}/bin/node`);
  await put(`releases/${current}/hawser.cjs.new`);
  await put('runtime/node-24.1.0/bin/node.new');
  for (const name of ['etcd', 'etcd.new']) await put(`etcd/etcd-3.5.21/${name}`);
  await put(part);
  await put('bin/hawser', wrapper('24.1.0'));
  await symlink(`releases/${current}`, path.join(opt, 'current'));
  const said: [LogLevel, string][] = [];
  const log = (level: LogLevel, message: string) => void said.push([level, message]);
  const prune = (...keep: RunningPrograms[]) => prunePrograms(localHost(opt), keep, { log, signal });
  return { folder, opt, put, prune, said, log, list: (name: string) => readdir(path.join(opt, name)) };
}

function wrapper(version: string): string {
  return `#!/bin/sh\nunset NODE_OPTIONS NODE_PATH\nexec ${node(version)} ${PROGRAMS_FOLDER}/current/hawser.cjs "$@"\n`;
}

const both = [
  { release: current, runtime: node('24.1.0') },
  { release: before, runtime: node('24.0.0') },
];

test('What runs and what ran before stay; the rest goes, with what cut attempts left', async (t) => {
  const { opt, prune, list, said } = await scene(t);
  t.deepEqual((await prune(...both)).toSorted(), [
    'etcd/etcd-3.5.21/etcd.new',
    part,
    `releases/${oldest}`,
    `releases/${current}/hawser.cjs.new`,
    'runtime/node-22.1.0',
    'runtime/node-24.1.0/bin/node.new',
    `runtime/node-${'e'.repeat(16)}`,
  ]);
  t.deepEqual(await list('releases'), [before, current]);
  t.deepEqual(await list('runtime'), ['node-24.0.0', 'node-24.1.0']);
  t.deepEqual(await list('.'), ['bin', 'current', 'etcd', 'releases', 'runtime']);
  t.deepEqual(await readdir(path.join(opt, 'runtime/node-24.1.0/bin')), ['node']);
  t.deepEqual(await readdir(path.join(opt, 'releases', current)), ['hawser.cjs']);
  t.deepEqual(await prune(...both), []);
  t.deepEqual(said, []);
});

test('What runs stays even where nobody says so, and a runtime of the host itself is none of ours', async (t) => {
  const { prune, list } = await scene(t);
  await prune({ release: before, runtime: '/usr/bin/node' }, {});
  t.deepEqual(await list('releases'), [before, current]);
  t.deepEqual(await list('runtime'), ['node-24.1.0']);
});

test('Only what is named as ours goes, and nothing through a link', async (t) => {
  const { folder, opt, put, prune, list } = await scene(t);
  const others = [
    'releases/notes',
    `releases/${'A'.repeat(16)}`,
    'runtime/node-mine',
    'runtime/python-3.1.0',
  ];
  for (const name of others) await put(`${name}/kept`);
  await put('incoming/notes.gz');
  const outside = path.join(folder, 'outside', 'f'.repeat(16));
  await mkdir(outside, { recursive: true });
  await writeFile(path.join(outside, 'kept'), '');
  await symlink(outside, path.join(opt, 'releases', 'f'.repeat(16)));
  await symlink(outside, path.join(opt, 'releases', oldest, 'inside'));
  await prune(...both);
  t.deepEqual(await list('releases'), ['A'.repeat(16), before, current, 'f'.repeat(16), 'notes']);
  t.deepEqual(await list('runtime'), ['node-24.0.0', 'node-24.1.0', 'node-mine', 'python-3.1.0']);
  t.deepEqual(await list('incoming'), ['notes.gz']);
  t.deepEqual(await readdir(outside), ['kept']);
});

test('A directory of programs that is a link is left alone', async (t) => {
  const { folder, opt, prune } = await scene(t);
  for (const name of ['releases', 'runtime', 'incoming', 'etcd']) {
    await rename(path.join(opt, name), path.join(folder, name));
    await symlink(path.join(folder, name), path.join(opt, name));
  }
  t.deepEqual(await prune(...both), []);
  t.deepEqual(await readdir(path.join(folder, 'releases')), [oldest, before, current]);
});

test('A file that somebody still writes stays', async (t) => {
  const { opt, prune, list } = await scene(t);
  await using _ = await open(path.join(opt, part), 'r+');
  t.false((await prune(...both)).includes(part));
  t.deepEqual(await list('incoming'), [path.basename(part)]);
});

test('Where it is unclear what runs, nothing goes; that is a warning', async (t) => {
  const { opt, prune, list, said, log } = await scene(t);
  await rm(path.join(opt, 'current'));
  t.deepEqual(await prune(...both), []);
  t.is(said[0]?.[0], 'warn');
  t.regex(
    said[0]?.[1] ?? '',
    /^Could not remove old versions of hawser from \S+ on web1: .* leads to no release\.$/,
  );
  const lost = { name: 'web1', run: () => Promise.reject(new Error('the connection was lost.')) };
  await prunePrograms(lost, both, { log, signal });
  t.regex(said[1]?.[1] ?? '', /: the connection was lost\.$/);
  t.deepEqual(await list('releases'), [oldest, before, current]);
});

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { lockHolder } from '../../../agent/cluster/server/check-data-free.js';
import { ServerSilence } from '../../../agent/cluster/server/measure-server-silence.js';
import { rotateLog } from '../../../agent/cluster/server/rotate-log.js';
import { Child } from '../../../agent/processes/child-process.js';

const times = { intervalMs: 5_000, maxSilenceMs: 30_000 };

test.serial('a server is silent for too long after thirty seconds without an answer', (t) => {
  const silence = new ServerSilence(0, times);
  t.false(silence.isHung(false, 29_999));
  t.true(silence.isHung(false, 30_000));
  t.false(silence.isHung(true, 30_001));
  t.false(silence.isHung(false, 60_000));
  t.true(silence.isHung(false, 60_001));
});

test.serial('while this process did not run, silence means nothing', (t) => {
  const silence = new ServerSilence(0, times);
  silence.paused(10_000, 15_100);
  t.false(silence.isHung(false, 20_000));
  silence.paused(20_000, 95_000);
  t.false(silence.isHung(false, 100_000), 'the machine slept');
  silence.paused(100_000, 105_000);
  t.true(silence.isHung(false, 125_000));
});

test.serial('the holder of a lock is found by device and inode', (t) => {
  const locks = '1: OFDLCK ADVISORY  WRITE -1 fe:00:12 0 EOF\n2: FLOCK  ADVISORY  WRITE 77 fe:00:13 0 EOF\n';
  t.is(lockHolder(locks, { dev: 0xfe00, ino: 13 }), 77);
  t.is(lockHolder(locks, { dev: 0xfe01, ino: 13 }), undefined);
  t.is(lockHolder(locks, { dev: 0xfe00, ino: 12 }), undefined, 'a lock that belongs to no process');
  t.is(lockHolder('', { dev: 0xfe00, ino: 13 }), undefined);
});

test.serial('a log is put aside when it is large, and three old ones are kept', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-log-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'etcd.log');
  t.false(await rotateLog(file, { live: false, maxBytes: 4 }), 'there is none yet');
  for (const text of ['one', 'first', 'second', 'third', 'fourth']) {
    await writeFile(file, text, { mode: 0o600 });
    t.is(await rotateLog(file, { live: text === 'third', maxBytes: 4 }), text !== 'one');
  }
  t.deepEqual((await readdir(folder)).sort(), ['etcd.log.1', 'etcd.log.2', 'etcd.log.3']);
  t.is(await readFile(`${file}.1`, 'utf8'), 'fourth');
  t.is(await readFile(`${file}.3`, 'utf8'), 'second');
  t.is((await stat(`${file}.2`)).mode & 0o777, 0o600);
});

test.serial('a program goes on with its log after it was put aside', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-log-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'log');
  const turn = path.join(folder, 'turn');
  const script = `echo first line; until [ -e ${turn} ]; do sleep 0.01; done; echo second line`;
  const argv = ['sh', '-c', script] as const;
  const child = await Child.start({ argv, cwd: folder, environment: process.env, logFile: file });
  t.teardown(() => child.kill());
  while ((await child.logTail()) === '') await new Promise(setImmediate);
  t.true(await rotateLog(file, { live: true, maxBytes: 1 }));
  await writeFile(turn, '');
  await child.exited;
  t.is(await readFile(file, 'utf8'), 'second line\n');
  t.is(await readFile(`${file}.1`, 'utf8'), 'first line\n');
  t.is(await child.logTail(), 'second line');
});

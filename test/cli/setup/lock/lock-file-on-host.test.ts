import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';
import { lockHost } from '../../../../cli/setup/lock/lock-file-on-host.js';
import { formatOwner, type LockOwner, ourselves } from '../../../../cli/setup/lock/lock-owner.js';

const { signal } = new AbortController();

/** A shell of this machine whose lock is in a directory of its own. */
function shellIn(folder: string): Pick<HostShell, 'name' | 'run'> {
  return {
    name: 'web1',
    run: (script, { args = [] } = {}) =>
      new Promise((resolve) => {
        const [, ...rest] = args;
        execFile('sh', ['-c', script, 'sh', path.join(folder, 'lock'), ...rest], (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      }),
  };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-lock-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function another(details: Partial<LockOwner> = {}): LockOwner {
  return { ...ourselves('up'), by: 'bob@desk', machine: 'desk', pid: 1, ...details };
}

test('A host is locked by one run at a time, and says whose it is', (t) =>
  withFolder(async (folder) => {
    const shell = shellIn(folder);
    const first = await lockHost(shell, another(), signal);
    const error = await t.throwsAsync(lockHost(shell, ourselves('upgrade'), signal), { code: 'locked' });
    t.regex(
      error.message,
      /^"hawser up" of bob@desk \(pid 1\) is changing web1; it was last seen \d s ago\./,
    );
    await first[Symbol.asyncDispose]();
    t.deepEqual(await readdir(folder), [], 'nothing stays behind');
    const second = await lockHost(shell, ourselves('upgrade'), signal);
    await first[Symbol.asyncDispose]();
    t.deepEqual(await readdir(folder), ['lock'], 'closing the first again leaves the second alone');
    await second[Symbol.asyncDispose]();
  }));

test('Asking again for one’s own lock, after a lost answer, succeeds', (t) =>
  withFolder(async (folder) => {
    const us = ourselves('up');
    await using _ = await lockHost(shellIn(folder), us, signal);
    await using again = await lockHost(shellIn(folder), us, signal);
    t.false(again.lost.aborted);
  }));

test('The lock of a run of this machine that died is taken over at once', (t) =>
  withFolder(async (folder) => {
    const dead = { ...ourselves('up'), pid: 2 ** 22 + 1 };
    await writeFile(path.join(folder, 'lock'), `${formatOwner(dead)}\n`);
    await using lock = await lockHost(shellIn(folder), ourselves('down'), signal);
    t.false(lock.lost.aborted);
    t.deepEqual(await readdir(folder), ['lock']);
  }));

test('The lock of another machine is taken over when it was not renewed for two minutes', (t) =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'lock');
    await writeFile(file, `${formatOwner(another({ pid: 2 ** 22 + 1 }))}\n`);
    await t.throwsAsync(lockHost(shellIn(folder), ourselves('down'), signal), { code: 'locked' });
    const longAgo = Date.now() / 1000 - 130;
    await utimes(file, longAgo, longAgo);
    await using lock = await lockHost(shellIn(folder), ourselves('down'), signal);
    t.false(lock.lost.aborted);
    t.deepEqual(await readdir(folder), ['lock']);
  }));

test('A lock that says nothing readable is somebody’s all the same', (t) =>
  withFolder(async (folder) => {
    await writeFile(path.join(folder, 'lock'), '{"by":"\u001b[2J"}\n');
    const error = await t.throwsAsync(lockHost(shellIn(folder), ourselves('up'), signal), { code: 'locked' });
    t.regex(error.message, /^Another run of hawser is changing web1; /);
  }));

test('A host where root cannot write says so', (t) =>
  withFolder(async (folder) => {
    const error = await t.throwsAsync(
      lockHost(shellIn(path.join(folder, 'nowhere')), ourselves('up'), signal),
      { code: 'failed' },
    );
    t.regex(
      error.message,
      /Could not lock web1: cannot write .*\. Check that root can write to \/run there\.$/,
    );
  }));

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type HostToLock, lockHosts } from '../../../../cli/setup/lock/lock-hosts.js';
import { ourselves } from '../../../../cli/setup/lock/lock-owner.js';
import { type InstallRecord, RECORD_FILE } from '../../../../cli/setup/record/install-record.js';

const { signal } = new AbortController();
const us = ourselves('up');

const record: InstallRecord = {
  format: 1,
  state: 'installed',
  fleet: { name: 'prod', id: '6f1c2d3e-0000-4000-8000-000000000000' },
  hostname: 'web1',
  packages: [],
  users: [],
  created: [],
  at: '2026-11-28T06:00:00.000Z',
};

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-locks-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** A host whose lock and record are in a directory of this machine. */
async function hostIn(
  folder: string,
  { seen, now }: { readonly seen?: InstallRecord; readonly now?: InstallRecord },
): Promise<HostToLock> {
  await mkdir(folder);
  const recordFile = path.join(folder, 'install.json');
  if (now !== undefined) await writeFile(recordFile, JSON.stringify(now));
  return {
    facts: { agent: { record: seen } },
    shell: {
      name: path.basename(folder),
      run: (script, { args = [] } = {}) =>
        new Promise((resolve) => {
          const [file = '', ...rest] = args;
          const moved = file === RECORD_FILE ? recordFile : path.join(folder, 'lock');
          execFile('sh', ['-c', script, 'sh', moved, ...rest], (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
          });
        }),
    },
  };
}

test('Hosts that are as they were when they were looked at are locked, until that is over', async (t) => {
  const folder = await folderFor(t);
  const web1 = await hostIn(path.join(folder, 'web1'), {});
  const web2 = await hostIn(path.join(folder, 'web2'), { seen: record, now: record });
  const locks = await lockHosts([web1, web2], us, signal);
  t.is(locks.lost.length, 2);
  t.deepEqual(await readdir(path.join(folder, 'web1')), ['lock']);
  await locks[Symbol.asyncDispose]();
  t.deepEqual(await readdir(path.join(folder, 'web1')), []);
  t.deepEqual(await readdir(path.join(folder, 'web2')), ['install.json']);
});

for (const [what, host] of Object.entries({
  'has become part of a fleet': { now: record },
  'was changed': { seen: record, now: { ...record, at: '2026-11-28T07:00:00.000Z' } },
  'was taken out': { seen: record },
}))
  test(`No host is locked where one ${what} since it was looked at`, async (t) => {
    const folder = await folderFor(t);
    const web1 = await hostIn(path.join(folder, 'web1'), {});
    const web2 = await hostIn(path.join(folder, 'web2'), host);
    await t.throwsAsync(lockHosts([web1, web2], us, signal), {
      code: 'locked',
      message: /^Another run of hawser has changed web2 since it was looked at/,
    });
    for (const { shell } of [web1, web2])
      t.false((await readdir(path.join(folder, shell.name))).includes('lock'));
  });

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';
import { type InstallRecord, RECORD_FILE } from '../../../../cli/setup/record/install-record.js';
import { writeInstallRecord } from '../../../../cli/setup/record/write-install-record.js';

const { signal } = new AbortController();

const record: InstallRecord = {
  format: 1,
  state: 'in-progress',
  fleet: { name: 'prod', id: '6f1c2d3e-0000-4000-8000-000000000000' },
  hostname: 'web1',
  packages: [],
  users: [],
  created: [],
  at: "2026-11-28T06:00:00.000Z \\n $HOME 'x'",
};

test('A record is written whole, without an input that a cut could end', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-record-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const shell: Pick<HostShell, 'name' | 'run'> = {
    name: 'web1',
    run: (script, { args = [], input } = {}) =>
      new Promise((resolve) => {
        t.is(input, undefined);
        const moved = args.map((arg) => (arg === RECORD_FILE ? path.join(folder, 'install.json') : arg));
        const child = execFile('sh', ['-c', script, 'sh', ...moved], (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
        child.stdin?.end();
      }),
  };
  await writeInstallRecord(shell, { ...record, hostname: 'web0' }, signal);
  await writeInstallRecord(shell, record, signal);
  t.deepEqual(await readdir(folder), ['install.json']);
  t.is(await readFile(path.join(folder, 'install.json'), 'utf8'), `${JSON.stringify(record)}\n`);
});

import { execFile } from 'node:child_process';
import { arch, hostname } from 'node:os';
import test from 'ava';
import { parseHostFacts } from '../../../../cli/setup/facts/parse-host-facts.js';
import { readHostFacts } from '../../../../cli/setup/facts/read-host-facts.js';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';

const { signal } = new AbortController();

/** This machine, instead of a host. */
const here: Pick<HostShell, 'name' | 'run'> = {
  name: 'here',
  run: (script, { args = [] } = {}) =>
    new Promise((resolve) => {
      execFile('sh', ['-c', script, 'sh', ...args], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    }),
};

function said(facts: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...facts, end: 'yes' }).map(
    ([name, value]) => `${name} ${Buffer.from(value).toString('base64')}\n`,
  );
  return lines.join('');
}

test('A host is looked at in one go', async (t) => {
  const facts = await readHostFacts(here, signal);
  t.is(facts.hostname, hostname());
  t.is(facts.architecture, arch());
  t.not(facts.os.id, '');
  t.true(facts.diskFreeBytes.opt > 0 && facts.memoryBytes > 0);
  t.true(Math.abs(facts.clockSkewMs) < 30_000, String(facts.clockSkewMs));
});

test('Of an answer that was cut off nothing is believed', (t) => {
  t.is(parseHostFacts(said({ hostname: 'web1' }).replace(/end.*/, ''), 0), undefined);
  t.is(parseHostFacts('', 0), undefined);
});

test('What has not the form that it should counts as not said', (t) => {
  const facts = parseHostFacts(
    said({
      architecture: '\u001b[2J',
      addresses: '10.0.0.1 nonsense 999.1.1.1 fd00::1',
      entered: '10.0.0.7',
      memory: '-1e99',
      'free-opt': 'lots',
      glibc: 'glibc 2.36\nmore',
      etcd: 'etcd',
      'etcd-version': 'etcd Version: 3.5.9',
      record: '{"format":9}',
      release: 'releases/../../etc',
      clock: '',
    }),
    1_000,
  );
  t.like(facts, {
    addresses: ['10.0.0.1', 'fd00::1'],
    entered: undefined,
    memoryBytes: 0,
    diskFreeBytes: { opt: 0, var: 0 },
    libc: { kind: 'glibc', version: '2.36' },
    etcd: undefined,
    clockSkewMs: 0,
    bootStarter: 'none',
  });
  t.like(facts?.agent, { record: undefined, isRecordUnreadable: true, release: undefined });
});

test('An etcd that was sent comes before one of the host itself', (t) => {
  const own = { etcd: '/usr/bin/etcd', 'etcd-version': 'etcd Version: 3.4.23' };
  t.deepEqual(parseHostFacts(said(own), 0)?.etcd, { path: '/usr/bin/etcd', version: '3.4.23' });
  const path = '/opt/hawser/etcd/etcd-3.5.21/etcd';
  const both = { ...own, 'sent-etcd': path, 'sent-etcd-version': 'etcd Version: 3.5.21' };
  t.deepEqual(parseHostFacts(said(both), 0)?.etcd, { path, version: '3.5.21' });
});

test('Ports of the agent that runs there are not taken by somebody else', (t) => {
  t.deepEqual(parseHostFacts(said({ taken: '2380' }), 0)?.takenPorts, [2380]);
  t.deepEqual(parseHostFacts(said({ taken: '2380', running: 'active' }), 0)?.takenPorts, []);
});

test('Whose group it is, and whether there is one, is known', (t) => {
  const members = (group: string) => parseHostFacts(said({ group }), 0)?.groupMembers;
  t.deepEqual(members('hawser:x:998:ann,bob'), ['ann', 'bob']);
  t.deepEqual(members('hawser:x:998:'), []);
  t.is(members(''), undefined);
  t.is(members('nonsense'), undefined);
  t.deepEqual(
    [{}, { 'app-user': 'yes' }].map((facts) => parseHostFacts(said(facts), 0)?.hasAppUser),
    [false, true],
  );
});

test('A host that cannot say what it is fails with its words', async (t) => {
  const mute = { name: 'web9', run: async () => ({ code: 127, stdout: '', stderr: 'base64: not found\n' }) };
  await t.throwsAsync(readHostFacts(mute, signal), {
    code: 'failed',
    message: /^Could not look at web9: base64: not found\./,
  });
});

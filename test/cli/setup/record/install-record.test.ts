import test from 'ava';
import {
  continueRecord,
  type InstallRecord,
  parseInstallRecord,
  ranBefore,
} from '../../../../cli/setup/record/install-record.js';

const fleet = { name: 'prod', id: '6f1c2d3e-0000-4000-8000-000000000000' };

const record: InstallRecord = {
  format: 1,
  state: 'in-progress',
  fleet,
  hostname: 'web1',
  isFounder: true,
  packages: ['etcd-server'],
  users: [],
  created: ['/etc/systemd/system/hawser.service'],
  at: '2026-11-28T06:00:00.000Z',
};

test('A record reads back as it was written', (t) => {
  t.deepEqual(parseInstallRecord(JSON.stringify(record)), record);
});

test('What is no record of this format is none', (t) => {
  for (const json of ['', '{}', 'null', '[]', '{"format":1', JSON.stringify({ ...record, format: 2 })])
    t.is(parseInstallRecord(json), undefined, json);
  t.is(parseInstallRecord(JSON.stringify({ ...record, hostname: 'x'.repeat(1_001) })), undefined);
});

test('A later run keeps what an earlier one installed, and replaces the rest', (t) => {
  const now = { fleet, hostname: 'web1', state: 'installed', users: ['ann'], at: 'later' } as const;
  t.deepEqual(continueRecord(record, now), { ...record, state: 'installed', users: ['ann'], at: 'later' });
  t.deepEqual(
    continueRecord({ ...record, packages: ['a', 'b'] }, { ...now, packages: ['b', 'c'] }).packages,
    ['a', 'b', 'c'],
  );
  t.deepEqual(continueRecord(undefined, now).packages, []);
});

test('A record names what ran before its release, however often a run is repeated', (t) => {
  t.is(ranBefore(undefined, 'new'), undefined);
  t.is(ranBefore(record, 'new'), undefined);
  const old = { ...record, release: 'old', runtime: '/usr/bin/node' };
  const before = { before: { release: 'old', runtime: '/usr/bin/node' } };
  t.deepEqual(ranBefore(old, 'new'), before);
  const next = continueRecord(old, { ...record, release: 'new', ...ranBefore(old, 'new') });
  t.deepEqual(parseInstallRecord(JSON.stringify(next))?.before, before.before);
  const again = continueRecord(next, { ...record, release: 'new', ...ranBefore(next, 'new') });
  t.deepEqual(again.before, before.before);
});

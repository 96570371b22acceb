import test from 'ava';
import { clocksAhead } from '../../../cli/status/clocks-ahead.js';
import { findProblems, type SeenFleet } from '../../../cli/status/find-problems.js';
import type { FleetStatus, HostStatus } from '../../../cli/status/fleet-status.js';
import { formatStatus } from '../../../cli/status/format-status.js';
import type { HostHealth } from '../../../world/agents/host-health.js';

const GB = 1_000_000_000;

function host(hostname: string, change: Partial<HostStatus> = {}): HostStatus {
  const disk = { totalBytes: 100 * GB, freeBytes: 60 * GB };
  return {
    ...{
      hostname,
      alive: true,
      role: 'voter',
      converged: true,
      version: '0.1.0',
      since: '2026-01-01',
      disk,
      apps: [],
    },
    ...change,
  };
}

function member(name: string): SeenFleet['members'][number] {
  return { id: name, name, peerUrls: [], clientUrls: [], isLearner: false };
}

const cluster = { leader: 'web1', dbSizeBytes: 20_480, dbSizeInUseBytes: 1, alarms: [] };

function seen(change: Partial<SeenFleet> = {}): SeenFleet {
  const hosts = ['web1', 'web2', 'web3'].map((name) => host(name));
  const members = hosts.map(({ hostname }) => member(hostname));
  const nothing = {
    deploy: null,
    volunteers: [],
    certificates: new Map(),
    missing: [],
    schedules: new Map(),
  };
  return { hosts, members, cluster, ...nothing, ...change };
}

const found = (change: Partial<SeenFleet>) =>
  findProblems(seen(change)).map(({ code, message }) => [code, message]);

function status(change: Partial<FleetStatus> = {}): FleetStatus {
  const { hosts, members } = seen();
  const problems = findProblems({ ...seen(), ...(change.hosts && { hosts: change.hosts }) });
  const base = { fleet: null, hosts, members, cluster, idealClusterSize: 3, converged: true, deploy: null };
  return { ok: problems.length === 0, ...base, problems, ...change };
}

test('where all is well nothing is found, and the last line is OK', (t) => {
  t.deepEqual(found({}), []);
  const lines = String(formatStatus(status())).split('\n');
  t.is(lines.at(-1), 'OK');
  t.true(lines.includes('etcd: 3 voters, led by web1, 20 kB'));
  t.true(lines.includes('web1  up     voter  yes        0.1.0    40%   -'));
});

test('a disk, a clock, an alarm, a lost leader: each is told with the command for it', (t) => {
  const full = { totalBytes: 10 * GB, freeBytes: 1_000_000 };
  const low = { totalBytes: 10 * GB, freeBytes: 400_000_000 };
  const hosts = [
    host('web1', { disk: full }),
    host('web2', { disk: low }),
    host('web3', { clockAheadMs: -61_000 }),
  ];
  t.deepEqual(found({ hosts }), [
    [
      'disk-full',
      'The disk of web1 is full (1.0 MB of 10.0 GB free): make room there; "hawser doctor web1" says where.',
    ],
    [
      'disk-low',
      'The disk of web2 is nearly full (400.0 MB of 10.0 GB free): make room there; "hawser doctor web2" says where.',
    ],
    [
      'clock',
      'The clock of web3 is 61 s behind most others\': set it there, for example with "timedatectl set-ntp true".',
    ],
  ]);
  const alarms = [
    { member: 'web2', kind: 'Nospace' },
    { member: 'web3', kind: 'Corrupt' },
  ] as const;
  const said = found({ cluster: { ...cluster, leader: null, alarms } });
  t.deepEqual(
    said.map(([code]) => code),
    ['alarm-nospace', 'alarm-corrupt', 'no-leader'],
  );
  t.regex(said[0]?.[1] ?? '', /web2 has reached its quota.*"hawser members defrag"/);
});

test('a member that is gone is told first where one more loss would stop the fleet', (t) => {
  const hosts = [host('web1'), host('web2'), host('web3', { alive: false })];
  const [first, second] = found({ hosts });
  t.is(first?.[0], 'few-members');
  t.regex(first?.[1] ?? '', /Only 2 of 3 members .* "hawser down web3 --gone"/);
  t.is(second?.[0], 'agent-gone');
  t.regex(second?.[1] ?? '', /"hawser doctor web3"/);
  const five = ['web1', 'web2', 'web3', 'web4', 'web5'];
  const gone = five.map((name) => host(name, { alive: name !== 'web5' }));
  t.deepEqual(
    found({ hosts: gone, members: five.map(member) }).map(([code]) => code),
    ['agent-gone'],
  );
  const foreign = [host('web1', { alive: false, since: '' })].map(({ since: _, ...rest }) => rest);
  t.deepEqual(found({ hosts: foreign, members: [member('web1')] }), [], 'members of no agents of ours');
});

const screen = { rows: 24, columns: 80 };
const rowsOf = (lines: readonly string[]) =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / screen.columns)), 0);

test('the screen of many hosts fits 80×24, the odd ones first, the worst problem last', (t) => {
  const names = Array.from({ length: 200 }, (_, index) => `web${index + 1}`);
  const odd = { web17: { alive: false }, web99: { disk: { totalBytes: 10 * GB, freeBytes: 0 } } };
  const hosts = names.map((name) => host(name, { role: 'client', ...odd[name as keyof typeof odd] }));
  const lines = String(formatStatus(status({ hosts, members: [] }), screen)).split('\n');
  t.true(rowsOf(lines) < 24, lines.join('\n'));
  t.regex(lines[1] ?? '', /^web17 +gone/);
  t.regex(lines[2] ?? '', /^web99 +up .* 100%/);
  t.regex(lines[3] ?? '', /^web1, web2, web3 and 195 more +up +client/);
  t.regex(lines.at(-1) ?? '', /^The disk of web99 is full/);
  t.is(
    String(formatStatus(status({ hosts, members: [] }))).match(/^web/gm)?.length,
    200,
    'in a pipe all are shown',
  );
});

test('many problems do not push the worst off the screen', (t) => {
  const disk = (index: number) => ({ totalBytes: 10 * GB, freeBytes: index * 100_000_000 });
  const hosts = Array.from({ length: 60 }, (_, index) =>
    host(`web${index}`, { alive: false, role: 'client', disk: disk(index) }),
  );
  const lines = String(formatStatus(status({ hosts }), screen)).split('\n');
  t.true(rowsOf(lines) < 24, lines.join('\n'));
  t.regex(lines.join('\n'), /^\d+ more problems: see "hawser status --json"\.$/m);
  t.regex(lines.join('\n'), /^\d+ more hosts/m);
  t.regex(lines.at(-1) ?? '', /^The disk of web0 is full/);
});

test('a clock is compared with most others, not with that of the elected host', (t) => {
  const others = [60_100, 60_000, 59_900].map(
    (clockAheadMs, index) => [`web${index}`, { clockAheadMs }] as const,
  );
  const ahead = clocksAhead(new Map<string, HostHealth>([['elected', {}], ...others]));
  t.deepEqual([...ahead.values()], [-59_900, 200, 100, 0]);
  t.deepEqual(
    [
      ...clocksAhead(
        new Map([
          ['a', {}],
          ['b', {}],
        ]),
      ).values(),
    ],
    [0, 0],
  );
});

import test from 'ava';
import { DrawnLines } from '../../../cli/output/screen/drawn-lines.js';
import { type ScreenLine, toDrawable } from '../../../cli/output/screen/screen-line.js';
import type { HostStatus } from '../../../cli/status/fleet-status.js';
import { drawTop } from '../../../cli/top/draw-top.js';
import type { WatchedFleet } from '../../../cli/top/follow-fleet.js';
import { FIRST_STATE, reduceKey, type TopState } from '../../../cli/top/top-state.js';

function host(number: number, changed: Partial<HostStatus> = {}): HostStatus {
  return {
    ...{ hostname: `web${number}`, alive: true, role: 'client', converged: true, version: '0.1.0' },
    ...{ since: '2026-01-01T00:00:00Z', labels: { zone: number % 2 === 0 ? 'a' : 'b' } },
    disk: { totalBytes: 100e9, freeBytes: (60 - (number % 50)) * 1e9 },
    apps: [{ app: 'shop', deploy: 12, state: 'well', since: '2026-01-01T00:00:00Z', problem: '' }],
    ...changed,
  };
}

function fleet(changed: Partial<WatchedFleet> = {}): WatchedFleet {
  const { problems = [] } = changed;
  return {
    ...{ ok: problems.length === 0, fleet: null, members: [], idealClusterSize: 5, converged: true },
    hosts: Array.from({ length: 200 }, (_, index) => host(index + 1)),
    cluster: { leader: 'web1', dbSizeBytes: 1_200_000, dbSizeInUseBytes: 1, alarms: [] },
    ...{ deploy: null, deploys: [], problems },
    ...changed,
  };
}

/** What a terminal shows of it. */
function shown(
  of: WatchedFleet,
  [columns, rows]: readonly [number, number],
  state: Partial<TopState> = {},
): string[] {
  const { lines } = drawTop(of, { ...FIRST_STATE, ...state }, { columns, rows });
  return lines.map((line: ScreenLine) => textOf(line, columns));
}

function textOf(line: ScreenLine, columns: number): string {
  return toDrawable(line, columns)
    .cells.map(({ text }) => text)
    .join('')
    .trimEnd();
}

const worst = {
  code: 'disk-full',
  host: 'web7',
  message:
    'The disk of web7 is full (1.0 MB of 20.0 GB free): make room there; "hawser doctor web7" says where.',
} as const;

const deploys = [1, 2, 3, 4, 5].map((id) => ({ id, app: 'shop', phase: 'running' as const, hosts: {} }));
const states = [{}, { selected: 'web150' }, { selected: 'web7', isOpen: true, scrolled: 9 }];

test('the screen is as large as the terminal, whatever there is', (t) => {
  const fleets = [fleet(), fleet({ problems: [worst, worst], deploys }), fleet({ hosts: [] })];
  for (const [columns, rows] of [
    [80, 24],
    [200, 50],
    [40, 8],
    [20, 5],
    [9, 3],
    [1, 1],
  ] as const) {
    const all = fleets.flatMap((of) => states.map((state) => shown(of, [columns, rows], state)));
    for (const lines of all) {
      const least = Math.max(rows - 1, 1);
      t.true(lines.length >= least && lines.length <= Math.max(least, 3), lines.join('\n'));
      t.true(
        lines.every((line) => line.length < Math.max(columns, 2)),
        lines.join('\n'),
      );
    }
  }
});

test('the last lines are the worst problem, whole, or OK', (t) => {
  for (const state of states) {
    t.is(shown(fleet(), [80, 24], state).at(-1), 'OK');
    t.true(
      shown(fleet({ problems: [worst, worst], deploys }), [80, 24], state)
        .join(' ')
        .endsWith(`${worst.message} (and 1 more problem)`),
    );
  }
  t.is(shown(fleet({ hosts: [] }), [80, 24]).at(-1), 'No hosts yet: "hawser up" makes hosts a fleet.');
});

test('a page of the hosts is shown, that with the cursor', (t) => {
  const lines = shown(fleet(), [80, 24], { selected: 'web150' });
  t.log(lines.join('\n'));
  t.is(lines[0], '200 hosts; etcd: 0 voters, led by web1, 1.2 MB');
  t.is(lines.filter((line) => line.startsWith('> ')).length, 1);
  t.regex(lines.join('\n'), /^> web150 +up +client +yes +0\.1\.0 +40% +shop 12$/m);
  t.regex(lines.at(-2) ?? '', /^150 of 200, by name {2}j\/k move/);
});

test('deploys come above the hosts; of many the newest are only named', (t) => {
  const four = [3, 4, 5, 6].map((id) => ({
    ...{ id, app: `app${id}`, phase: 'running' as const },
    hosts: { healthy: 2, applying: 1 },
  }));
  t.deepEqual(shown(fleet({ deploys: four }), [80, 24]).slice(1, 4), [
    'deploy 3 app3: running (2 healthy, 1 applying)',
    'deploy 4 app4: running (2 healthy, 1 applying)',
    'deploys 5 and 6 are under way, too',
  ]);
});

test('hosts are sorted by what is wrong or by disk, and filtered by their line and labels', (t) => {
  const hosts = [
    host(1),
    host(2, { apps: [{ app: 'shop', deploy: 1, state: 'unwell', since: '', problem: 'down' }] }),
    host(3, { alive: false, converged: null }),
    host(10, { disk: { totalBytes: 20e9, freeBytes: 1e6 }, converged: false }),
  ];
  const order = (state: Partial<TopState>) =>
    drawTop(fleet({ hosts }), { ...FIRST_STATE, ...state }, { columns: 80, rows: 24 }).names;
  t.deepEqual(order({}), ['web1', 'web2', 'web3', 'web10']);
  t.deepEqual(order({ sort: 'state' }), ['web3', 'web2', 'web10', 'web1']);
  t.deepEqual(order({ sort: 'disk' })[0], 'web10');
  t.deepEqual(order({ filter: 'GONE' }), ['web3']);
  t.deepEqual(order({ filter: 'zone=a' }), ['web2', 'web10']);
  t.deepEqual(order({ filter: 'nothing' }), []);
});

test('a changed cell of 200 hosts costs at most 200 bytes, a step of the cursor little more', (t) => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 200, rows: 50 },
  ]) {
    const drawn = new DrawnLines({ isColoured: true });
    const before = fleet();
    const first = drawTop(before, FIRST_STATE, size);
    drawn.draw(first.lines, size);
    const hosts = before.hosts.map((one) => (one.hostname === 'web5' ? { ...one, converged: false } : one));
    const changed = Buffer.byteLength(
      drawn.draw(drawTop({ ...before, hosts }, FIRST_STATE, size).lines, size),
    );
    const down = reduceKey(FIRST_STATE, 'j', first);
    const moved = Buffer.byteLength(drawn.draw(drawTop({ ...before, hosts }, down, size).lines, size));
    t.log(`${size.columns}×${size.rows}: a cell ${changed} bytes, the cursor ${moved}`);
    t.true(changed > 0 && changed <= 200);
    t.true(moved > 0 && moved <= 200);
  }
});

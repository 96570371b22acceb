import test from 'ava';
import { DeployClock } from '../../../../cli/deploy/view/deploy-clock.js';
import { drawDeploy, type WatchedHost } from '../../../../cli/deploy/view/draw-deploy.js';
import type { HostState } from '../../../../world/deploys/host-states.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';

const host = (state: HostState, message = `${state}.`, elapsedMs = 65_000): WatchedHost => ({
  ...{ state, step: 'start', message, elapsedMs },
});

function drawn(
  hosts: Readonly<Record<string, WatchedHost>>,
  [columns, rows]: readonly [number, number],
  record?: Partial<RolloutRecord>,
): string[] {
  const whole = record && { app: 'shop', admitted: 0, since: '', phase: 'running' as const, ...record };
  const deploy = {
    id: 12,
    app: 'shop',
    hosts: new Map(Object.entries(hosts)),
    record: whole,
    elapsedMs: 3_605_000,
  };
  return drawDeploy(deploy, { columns, rows }).map((line) => line.map(({ text }) => text).join(''));
}

test('each host has a line with state, step, time and what it said last', (t) => {
  t.deepEqual(
    drawn({ web1: host('healthy'), 'db-of-the-shop': host('applying', 'Starting.', 4_000) }, [80, 24]),
    [
      'Deploy 12 of shop  1h00m  2 hosts: 1 applying, 1 healthy',
      'HOST            STATE     STEP     TIME   LAST LINE',
      'web1            healthy   start    1m05s  healthy.',
      'db-of-the-shop  applying  start    4s     Starting.',
    ],
  );
});

test('of more hosts than fit, those that need a look are shown, the worst first, and the rest is counted', (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`web${at}`, host(at % 2 === 0 ? 'healthy' : 'waiting')]),
  );
  const some = {
    ...many,
    web50: host('applying'),
    web60: host('failed'),
    web70: host('lost'),
    web80: host('missing'),
  };
  t.deepEqual(drawn(some, [80, 24]), [
    'Deploy 12 of shop  1h00m  100 hosts: 1 failed, 1 lost, 1 missing, 1 applying, 50 waiting, 46 healthy',
    'HOST   STATE     STEP     TIME   LAST LINE',
    'web60  failed    start    1m05s  failed.',
    'web70  lost      start    1m05s  lost.',
    'web80  missing   start    1m05s  missing.',
    'web50  applying  start    1m05s  applying.',
  ]);
  t.deepEqual(drawn(many, [80, 24]), ['Deploy 12 of shop  1h00m  100 hosts: 50 waiting, 50 healthy']);
});

test('never more lines than the terminal has, and what is left out is counted', (t) => {
  const failing = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`web${at}`, host('failed')]));
  for (const rows of [2, 3, 5, 8, 24]) {
    const lines = drawn(failing, [80, rows]);
    t.true(lines.length <= Math.max(rows - 1, 4), `${lines.length} of ${rows}`);
    t.is(lines.at(-1), `and ${100 - (lines.length - 3)} more`);
  }
});

test('a narrow terminal has room for less of each host', (t) => {
  t.deepEqual(drawn({ web1: host('healthy') }, [40, 24]).slice(1), [
    'HOST  STATE     LAST LINE',
    'web1  healthy   healthy.',
  ]);
});

test('the view says when it is paused, or goes back, and why', (t) => {
  t.is(
    drawn({ web1: host('failed') }, [80, 24], { phase: 'paused', reason: 'web1 failed.' }).at(-1),
    'Paused. web1 failed.',
  );
  t.is(
    drawn({ web1: host('failed') }, [80, 24], { phase: 'going-back' }).at(-1),
    'The hosts that have switched go back.',
  );
});

test('times of what happens while we look count by our clock, earlier ones by what the hosts said', (t) => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const clock = new DeployClock('2026-01-01T00:00:00Z', start + 60_000);
  const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
  const look = (web1: object, web2: object, seconds: number) => {
    const hosts = new Map(
      Object.entries({ web1: { ...host('healthy'), ...web1 }, web2: { ...host('healthy'), ...web2 } }),
    );
    clock.look({ hosts, record: undefined }, start + seconds * 1_000);
    return [...clock.timed(hosts, start + seconds * 1_000).values()].map(
      ({ elapsedMs }) => elapsedMs / 1_000,
    );
  };
  t.deepEqual(look({ at: at(20) }, { state: 'applying', at: at(30) }, 60), [20, 60]);
  t.deepEqual(look({ at: at(20) }, { at: at(9_999) }, 70), [20, 70], 'a clock that is wrong');
  t.deepEqual(look({ state: 'applying' }, { at: at(9_999) }, 80), [80, 70], 'it goes back');
  t.is(clock.elapsedMs(start - 5_000), 0);
  t.is(clock.elapsedMs(start + 90_000), 90_000);
  const done = { app: 'shop', phase: 'done', admitted: 0, since: at(50), verdict: 'healthy' } as const;
  clock.look({ hosts: new Map(), record: done }, start + 95_000);
  t.is(clock.elapsedMs(start + 120_000), 95_000, 'it ended while we looked');
  const late = new DeployClock('2026-01-01T00:00:00Z', start + 100_000);
  late.look({ hosts: new Map(), record: done }, start + 100_000);
  t.is(late.elapsedMs(start + 120_000), 50_000, 'it had ended before');
});

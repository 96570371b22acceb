import test from 'ava';
import { decideRollout } from '../../../../world/deploys/rollout/decide-rollout.js';
import type { ScheduleDecision } from '../../../../world/deploys/rollout/rollout-situation.js';
import { decisionOf } from '../../../../world/deploys/scheduled/decision-of.js';
import { WatchedSchedules } from '../../../../world/scheduler/watched-schedules.js';
import { deploymentOf, manifestOf, NOW, type SituationText, situationOf } from '../rollout/situations.js';

const all = ['a', 'b', 'c'];
const schedule = { namespace: 'web', maxCount: 2 };
const change = { manifest: { name: 'shop', schedule } };
const oneByOne = { manifest: { ...manifestOf({ batch: 1 }), schedule } };
const TEN_MINUTES = 600_000;
const late = NOW - 1 + TEN_MINUTES;

/** Everybody offers to run it, and it is settled. */
const chosen = (...hosts: readonly string[]): ScheduleDecision => ({
  ...{ chosen: hosts, isSettled: true, candidates: new Set(all) },
});
const nothing: ScheduleDecision = { chosen: undefined, isSettled: false, candidates: new Set() };

const decides = test.macro<[text: Partial<SituationText>, schedule: ScheduleDecision, expected: object]>({
  exec: (t, text, schedule, expected) => {
    const decision = decideRollout({ ...situationOf({ hosts: all, change, ...text }), schedule });
    if ('untilMs' in expected) t.deepEqual(decision, expected);
    else t.like(decision.record, { ...expected });
  },
  title: (title = '') => title,
});

test('it is for those that are chosen', decides, {}, chosen('a', 'b'), { hosts: ['a', 'b'], admitted: 2 });
test('where there is an order nobody begins yet', decides, { change: oneByOne }, chosen('a', 'b'), {
  ...{ hosts: ['a', 'b'], admitted: 0 },
});
test('before anybody is chosen it waits', decides, {}, nothing, { untilMs: late });
test(
  'hosts may still come that offer to run it',
  decides,
  {},
  { ...chosen('a'), candidates: new Set(['a']) },
  { untilMs: NOW - 1 + 10_000 },
);
test(
  'those that do not are not waited for long',
  decides,
  { phaseMs: NOW - 10_000 },
  { ...chosen('a'), candidates: new Set(['a']) },
  { hosts: ['a'] },
);
test(
  'those that are gone are not waited for',
  decides,
  { gone: { b: 0, c: 0 } },
  { ...chosen('a'), candidates: new Set(['a']) },
  { hosts: ['a'] },
);
test(
  'a decision that will change does not count',
  decides,
  {},
  { ...chosen('a'), isSettled: false },
  { untilMs: NOW - 1 + 10_000 },
);
test('it fails when nobody is chosen in time', decides, { phaseMs: NOW - TEN_MINUTES }, nothing, {
  ...{ verdict: 'failed', goingBackTo: 'rolled-back' },
  message: 'The schedule "web" has chosen none of its hosts.',
});
test(
  'only those that are chosen have to be healthy',
  decides,
  { record: { hosts: ['a', 'c'], admitted: 2 }, states: { a: 'healthy', c: 'healthy' } },
  chosen('a', 'c'),
  { verdict: 'healthy', message: 'All 2 hosts are healthy.' },
);
test(
  'one of them may fail it',
  decides,
  { record: { hosts: ['a', 'c'], admitted: 2 }, states: { a: 'failed', c: 'healthy' } },
  chosen('a', 'c'),
  { phase: 'going-back' },
);
test(
  'one that is gone before it began is waited for, until the schedule names another',
  decides,
  { record: { hosts: ['a', 'c'], admitted: 2 }, states: { a: 'healthy' }, gone: { c: 0 } },
  chosen('a', 'c'),
  { untilMs: late },
);
test(
  'the other takes its place, after those that stay',
  decides,
  {
    ...{ change: oneByOne, gone: { a: 0 }, states: { c: 'healthy' } },
    record: { hosts: ['a', 'c'], admitted: 2, skipped: ['a'] },
  },
  { ...chosen('b', 'c'), candidates: new Set(['b', 'c']) },
  { hosts: ['c', 'b'], admitted: 1, skipped: undefined },
);
test(
  'it goes on while the schedule decides anew',
  decides,
  { record: { hosts: ['a'], admitted: 1 }, states: { a: 'healthy' } },
  nothing,
  { verdict: 'healthy' },
);
test(
  'those that are no longer chosen need not go back',
  decides,
  {
    record: { hosts: ['a', 'c'], phase: 'going-back', goingBackTo: 'rolled-back' },
    states: { c: 'rolled-back' },
  },
  chosen('c'),
  { hosts: ['c'], phase: 'going-back' },
);

test('what is removed is so on all hosts of the deploy', (t) => {
  const remove = { action: 'remove' as const, ...change };
  const states = { a: 'healthy', b: 'healthy' } as const;
  t.deepEqual(decideRollout(situationOf({ hosts: all, change: remove, states })), { untilMs: late });
});

test('a decision is settled when it follows from what is asked for now', (t) => {
  const schedules = new WatchedSchedules(undefined);
  const put = (key: string, value: string, revision: bigint) =>
    schedules.apply([
      {
        type: 'put',
        entry: {
          ...{ key, value: Buffer.from(value), createRevision: revision, modRevision: revision },
          ...{ version: 1n, lease: '0' },
        },
      },
    ]);
  const deployment = deploymentOf(all, change);
  const look = () => {
    const decision = decisionOf(schedules, deployment);
    return decision && { ...decision, candidates: [...decision.candidates] };
  };
  t.is(decisionOf(schedules, deploymentOf(all)), undefined);
  t.deepEqual(look(), { chosen: undefined, isSettled: false, candidates: [] });
  put('/scheduler/hostname/a/web', 'strategy=rr&maxCount=2', 1n);
  t.deepEqual(look(), { chosen: undefined, isSettled: false, candidates: ['a'] });
  put('/scheduler/schedule/web', 'a', 2n);
  t.deepEqual(look(), { chosen: ['a'], isSettled: true, candidates: ['a'] });
  put('/scheduler/hostname/b/web', 'strategy=rr&maxCount=1', 3n);
  t.deepEqual(look(), { chosen: ['a'], isSettled: true, candidates: ['a'] });
  put('/scheduler/hostname/b/web', 'strategy=rr&maxCount=2', 4n);
  t.deepEqual(look(), { chosen: ['a'], isSettled: false, candidates: ['a', 'b'] });
});

import test from 'ava';
import type { Rollout } from '../../../../world/deploys/manifest.js';
import { decideRollout } from '../../../../world/deploys/rollout/decide-rollout.js';
import type { RolloutDecision } from '../../../../world/deploys/rollout/rollout-situation.js';
import { AT, MIGRATE, manifestOf, NOW, type SituationText, situationOf } from './situations.js';

const decides = test.macro<
  [situation: SituationText, expected: Partial<RolloutDecision['record']> | { untilMs: number } | 'nothing']
>({
  exec: (t, situation, expected) => {
    const decision = decideRollout(situationOf(situation));
    if (expected === 'nothing') t.deepEqual(decision, {});
    else if (expected !== undefined && 'untilMs' in expected) t.deepEqual(decision, expected);
    else t.like(decision.record, { ...expected });
  },
  title: (title = '') => title,
});

const TEN_MINUTES = 600_000;
const three = ['a', 'b', 'c'];
const begun = { untilMs: NOW - 1 + TEN_MINUTES };
const well = { a: 'healthy', b: 'healthy', c: 'healthy' } as const;
const rollout = (settings: Rollout) => ({ manifest: manifestOf(settings) });
const oneByOne = rollout({ batch: 1 });

test('nothing is decided while hosts are busy', decides, { hosts: three, states: { a: 'healthy' } }, begun);
test(
  'all are healthy',
  decides,
  { hosts: three, states: well },
  {
    ...{ phase: 'done', verdict: 'healthy', message: 'All 3 hosts are healthy.', since: AT, app: 'shop' },
  },
);
test('a deploy for nobody is healthy', decides, { hosts: [] }, { verdict: 'healthy' });
test(
  'one that is decided stays so',
  decides,
  { hosts: three, record: { phase: 'done', verdict: 'failed' }, states: well },
  'nothing',
);
test(
  'one that is paused waits for a person',
  decides,
  { hosts: three, record: { phase: 'paused', verdict: 'paused' }, states: well },
  'nothing',
);
test(
  'what only looks is never taken back',
  decides,
  {
    ...{ hosts: three, change: { noop: true, manifest: manifestOf({ batch: 1 }) } },
    states: { a: 'skipped', b: 'failed', c: 'skipped' },
  },
  { phase: 'done', verdict: 'failed', message: '2 of 3 hosts have verified it; failed: b. b: It is failed.' },
);
test(
  'what is removed is never taken back, and needs no order',
  decides,
  {
    ...{ hosts: three, change: { action: 'remove', manifest: manifestOf({ batch: 1 }) } },
    states: { a: 'healthy', b: 'failed', c: 'healthy' },
  },
  { phase: 'done', verdict: 'failed' },
);

for (const phase of ['running', 'paused', 'going-back'] as const) {
  test(
    `a newer deploy supersedes one that is ${phase}`,
    decides,
    { hosts: three, record: { phase }, supersededBy: 9 },
    { phase: 'done', verdict: 'superseded', message: 'Deploy 9 took its place.' },
  );
}
test(
  'a newer deploy supersedes one of which nothing is known',
  decides,
  { hosts: three, supersededBy: 9 },
  { verdict: 'superseded' },
);
test(
  'a newer deploy changes nothing that was decided',
  decides,
  { hosts: three, record: { phase: 'done', verdict: 'healthy' }, supersededBy: 9 },
  'nothing',
);

test(
  'a failure takes all back at once',
  decides,
  { hosts: three, states: { a: 'healthy', b: 'failed' } },
  {
    ...{
      phase: 'going-back',
      goingBackTo: 'rolled-back',
      reason: 'failed: b. b: It is failed.',
      verdict: undefined,
    },
  },
);
test(
  'a host that has gone back by itself has failed',
  decides,
  { hosts: three, states: { a: 'rolled-back' } },
  { phase: 'going-back' },
);
test(
  'as many failures as are allowed stop nothing',
  decides,
  { hosts: three, change: rollout({ maxFailures: 1 }), states: { a: 'healthy', b: 'failed' } },
  begun,
);
test(
  'as many failures as are allowed do no harm',
  decides,
  { hosts: three, change: rollout({ maxFailures: 1 }), states: { ...well, b: 'failed' } },
  {
    ...{ verdict: 'healthy', message: '2 of 3 hosts are healthy; failed: b. b: It is failed.' },
  },
);
test(
  'one that is healthy nowhere is not healthy',
  decides,
  { hosts: ['a'], change: rollout({ maxFailures: 1 }), states: { a: 'failed' } },
  { verdict: 'failed' },
);
test(
  'one failure more than allowed takes all back',
  decides,
  { hosts: three, change: rollout({ maxFailures: 1 }), states: { a: 'failed', b: 'failed' } },
  { phase: 'going-back' },
);
test(
  'a failure pauses what asks for it',
  decides,
  { hosts: three, change: rollout({ onFailure: 'pause' }), states: { b: 'failed' } },
  {
    ...{ phase: 'paused', verdict: 'paused', message: 'failed: b. b: It is failed.' },
  },
);
test(
  'failures that a person has seen do not pause it again',
  decides,
  {
    hosts: three,
    change: rollout({ onFailure: 'pause' }),
    record: { forgiven: ['b'] },
    states: { b: 'failed' },
  },
  begun,
);
test(
  'failures that a person has seen are failures',
  decides,
  {
    hosts: three,
    change: rollout({ onFailure: 'pause' }),
    record: { forgiven: ['b'] },
    states: { ...well, b: 'failed' },
  },
  { phase: 'done', verdict: 'failed' },
);
test(
  'another failure pauses it again',
  decides,
  {
    hosts: three,
    change: rollout({ onFailure: 'pause' }),
    record: { forgiven: ['b'] },
    states: { b: 'failed', c: 'failed' },
  },
  { phase: 'paused' },
);
test(
  'failures do not stop what goes on in spite of them',
  decides,
  { hosts: three, change: rollout({ onFailure: 'continue' }), states: { a: 'failed', b: 'failed' } },
  begun,
);
test(
  'what went on in spite of failures has failed',
  decides,
  { hosts: three, change: rollout({ onFailure: 'continue' }), states: { ...well, b: 'failed' } },
  { phase: 'done', verdict: 'failed', goingBackTo: undefined },
);

const late = { phaseMs: NOW - TEN_MINUTES };
test(
  'hosts that take too long have failed',
  decides,
  { ...late, hosts: three, states: { a: 'healthy', b: 'applying' } },
  { phase: 'going-back', reason: 'not finished in time: b, c.' },
);
test(
  'the time is what the manifest says',
  decides,
  { hosts: three, change: rollout({ timeoutMs: 1 }), states: { a: 'healthy' } },
  { phase: 'going-back' },
);
test(
  'hosts that take too long pause it',
  decides,
  { ...late, hosts: three, change: rollout({ onFailure: 'pause' }) },
  { phase: 'paused', message: 'not finished in time: a, b, c.' },
);
test(
  'hosts that take too long are not waited for',
  decides,
  {
    ...late,
    hosts: three,
    change: rollout({ onFailure: 'continue', batch: 1 }),
    record: { admitted: 2, skipped: ['a'] },
    states: { b: 'healthy' },
  },
  { phase: 'done', verdict: 'failed', admitted: 2, skipped: ['a'] },
);

test(
  'a host that is gone for a moment is waited for',
  decides,
  { hosts: three, states: { ...well, c: 'applying' }, gone: { c: NOW - 4_999 } },
  { untilMs: NOW + 1 },
);
test(
  'a host that is lost while it switches has failed',
  decides,
  { hosts: three, states: { ...well, c: 'applying' }, gone: { c: NOW - 5_000 } },
  { phase: 'going-back', reason: 'lost while they switched: c.' },
);
test(
  'a host that is gone before it switches takes nothing back',
  decides,
  { hosts: three, states: { ...well, c: 'fetching' }, gone: { c: NOW - 5_000 } },
  {
    phase: 'done',
    verdict: 'failed',
    goingBackTo: undefined,
    message: '2 of 3 hosts are healthy; not there: c.',
  },
);
test(
  'a host that was away is not waited for',
  decides,
  { hosts: three, change: { away: ['c'] }, states: { a: 'healthy', b: 'healthy' }, gone: { c: NOW } },
  { verdict: 'failed' },
);
test(
  'a host that is away may be',
  decides,
  {
    hosts: three,
    change: { away: ['c'], allowMissing: true },
    states: { a: 'healthy', b: 'healthy' },
    gone: { c: NOW },
  },
  { verdict: 'healthy', message: '2 of 3 hosts are healthy; not there: c.' },
);
test(
  'a host that is lost while it switches may not be',
  decides,
  { hosts: three, change: { allowMissing: true }, states: { ...well, c: 'applying' }, gone: { c: 0 } },
  { phase: 'going-back' },
);
test(
  'a host that was away and has come back is waited for',
  decides,
  { hosts: three, change: { away: ['c'] }, states: { a: 'healthy', b: 'healthy' } },
  begun,
);
test(
  'a host that is gone after it was healthy is healthy',
  decides,
  { hosts: three, states: well, gone: { c: 0 } },
  { verdict: 'healthy' },
);
const nobody = { a: 0, b: 0, c: 0 };
test('while no host is there nothing is decided', decides, { hosts: three, gone: nobody }, begun);
test(
  'when no host comes it has failed, also if they may be missing',
  decides,
  { ...late, hosts: three, change: { allowMissing: true }, gone: nobody },
  { phase: 'done', verdict: 'failed', goingBackTo: undefined },
);

test(
  'hosts switch in their order',
  decides,
  { hosts: three, change: oneByOne },
  { phase: 'running', admitted: 1 },
);
test(
  'the next is admitted when those before have ended',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 1 }, states: { a: 'healthy' } },
  { admitted: 2 },
);
test(
  'the next waits for those before',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 1 }, states: { a: 'applying', b: 'waiting' } },
  begun,
);
test(
  'the last one is waited for',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 3 }, states: { ...well, c: 'applying' } },
  begun,
);
test(
  'all have switched',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 3 }, states: well },
  { verdict: 'healthy' },
);
const four = ['a', 'b', 'c', 'd'];
test(
  'a batch may be a part of all',
  decides,
  { hosts: four, change: rollout({ batch: '50%' }) },
  { admitted: 2 },
);
test('a part is rounded down', decides, { hosts: three, change: rollout({ batch: '50%' }) }, { admitted: 1 });
test(
  'at least one host switches',
  decides,
  { hosts: three, change: rollout({ batch: '1%' }) },
  { admitted: 1 },
);
test('the canary goes first', decides, { hosts: four, change: rollout({ canary: 1 }) }, { admitted: 1 });
test(
  'all others follow the canary',
  decides,
  { hosts: four, change: rollout({ canary: 1 }), record: { admitted: 1 }, states: { a: 'healthy' } },
  { admitted: 4 },
);
test(
  'batches follow the canary',
  decides,
  {
    hosts: four,
    change: rollout({ canary: 1, batch: 2 }),
    record: { admitted: 1 },
    states: { a: 'healthy' },
  },
  { admitted: 3 },
);
test(
  'a failed canary is never tolerated',
  decides,
  {
    hosts: four,
    change: rollout({ canary: 1, maxFailures: 2 }),
    record: { admitted: 1 },
    states: { a: 'failed' },
  },
  { phase: 'going-back' },
);
test(
  'what fails beside the canary may be tolerated',
  decides,
  {
    hosts: four,
    change: rollout({ canary: 1, maxFailures: 1 }),
    record: { admitted: 1 },
    states: { b: 'failed' },
  },
  begun,
);
test(
  'the canary goes on to the next host when one is away',
  decides,
  { hosts: four, change: rollout({ canary: 1 }), gone: { a: 0 } },
  { admitted: 2, skipped: ['a'] },
);
test(
  'a canary that goes before it has switched is no canary',
  decides,
  {
    hosts: four,
    change: rollout({ canary: 1 }),
    record: { admitted: 1 },
    states: { a: 'fetching' },
    gone: { a: 0 },
  },
  { admitted: 2, skipped: ['a'] },
);
const paused = rollout({ batch: 1, pauseMs: 30_000 });
test('the first batch waits for nothing', decides, { hosts: three, change: paused }, { admitted: 1 });
test(
  'there is a pause between batches',
  decides,
  {
    hosts: three,
    change: paused,
    record: { admitted: 1 },
    states: { a: 'healthy' },
    reportedMs: NOW - 29_999,
  },
  { untilMs: NOW + 1 },
);
test(
  'the pause ends',
  decides,
  {
    hosts: three,
    change: paused,
    record: { admitted: 1 },
    states: { a: 'healthy' },
    reportedMs: NOW - 30_000,
  },
  { admitted: 2 },
);
test(
  'there is no pause at the end',
  decides,
  { hosts: three, change: paused, record: { admitted: 3 }, states: well, reportedMs: NOW },
  { verdict: 'healthy' },
);
test(
  'a failure is not waited with',
  decides,
  { hosts: three, change: paused, record: { admitted: 1 }, states: { a: 'failed' }, reportedMs: NOW },
  { phase: 'going-back' },
);
test(
  'a host that failed to fetch takes no slot',
  decides,
  {
    hosts: three,
    change: rollout({ batch: 1, maxFailures: 1 }),
    record: { admitted: 1 },
    states: { a: 'healthy', b: 'failed' },
  },
  { admitted: 3 },
);
test(
  'a host that is away at its turn is skipped',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 1 }, states: { a: 'healthy' }, gone: { b: NOW } },
  { admitted: 3, skipped: ['b'] },
);
test(
  'a host that has come back is next',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 2, skipped: ['a'] }, states: { b: 'healthy' } },
  { admitted: 2, skipped: undefined },
);
test(
  'a host that has come back waits for its turn',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 2, skipped: ['a'] }, states: { b: 'applying' } },
  begun,
);
test(
  'a host that goes before it has switched loses its turn',
  decides,
  { hosts: three, change: oneByOne, record: { admitted: 1 }, states: { a: 'waiting' }, gone: { a: 0 } },
  { admitted: 2, skipped: ['a'] },
);
test(
  'the slot of a lost host is free again',
  decides,
  {
    hosts: three,
    change: rollout({ batch: 1, maxFailures: 1 }),
    record: { admitted: 1 },
    states: { a: 'applying' },
    gone: { a: 0 },
  },
  { admitted: 2 },
);
test(
  'those that were away catch up after the end',
  decides,
  {
    hosts: three,
    change: oneByOne,
    record: { admitted: 3, skipped: ['a'] },
    states: { b: 'healthy', c: 'healthy' },
    gone: { a: 0 },
  },
  { verdict: 'failed', admitted: 3, skipped: undefined, goingBackTo: undefined },
);
test(
  'while no host is there nobody is admitted',
  decides,
  { hosts: three, change: oneByOne, gone: nobody },
  begun,
);

const once = { manifest: manifestOf(undefined, MIGRATE) };
const ready = { a: 'fetching', b: 'waiting', c: 'waiting' } as const;
test(
  'the first host that is ready runs the hook once',
  decides,
  { hosts: three, change: once, states: ready },
  { onceHost: 'b', admitted: 0 },
);
for (const state of ['applying/once', 'waiting/once'] as const)
  test(
    `after a resume the hook once stays with the host that is ${state}`,
    decides,
    { hosts: three, change: once, record: { admitted: 0 }, states: { a: 'waiting', c: state } },
    { onceHost: 'c', admitted: 0 },
  );
test('nobody is ready', decides, { hosts: three, change: once, states: { a: 'fetching' } }, begun);
test(
  'all wait for the hook once',
  decides,
  { hosts: three, change: once, record: { onceHost: 'b' }, states: { ...ready, b: 'applying/once' } },
  begun,
);
test(
  'after the hook once all switch',
  decides,
  { hosts: three, change: once, record: { onceHost: 'b' }, states: { ...ready, b: 'waiting/once' } },
  { onceHost: 'b', admitted: 3 },
);
const failedOnce = { reason: 'The hook once did not succeed on b; failed: b. b: It is failed.' };
test(
  'nobody switches after the hook once has failed',
  decides,
  { hosts: three, change: once, record: { onceHost: 'b' }, states: { ...ready, b: 'failed/once' } },
  { phase: 'going-back', ...failedOnce },
);
test(
  'also not where failures are tolerated',
  decides,
  {
    hosts: three,
    change: { manifest: manifestOf({ onFailure: 'continue', maxFailures: 3 }, MIGRATE) },
    record: { onceHost: 'b' },
    states: { ...ready, b: 'failed/once' },
  },
  { phase: 'going-back', ...failedOnce },
);
test(
  'a person may try it again',
  decides,
  {
    hosts: three,
    change: { manifest: manifestOf({ onFailure: 'pause' }, MIGRATE) },
    record: { onceHost: 'b' },
    states: { ...ready, b: 'failed/once' },
  },
  { phase: 'paused', ...failedOnce },
);
test(
  'nobody else runs the hook once when its host is lost',
  decides,
  { hosts: three, change: once, record: { onceHost: 'b' }, states: ready, gone: { b: 0 } },
  { phase: 'going-back' },
);
test(
  'what is started again needs no hook once',
  decides,
  { hosts: three, change: { ...once, action: 'restart' }, states: well },
  { verdict: 'healthy' },
);

const back = { phase: 'going-back', goingBackTo: 'rolled-back', admitted: 3, reason: 'failed: b.' } as const;
const returned = { a: 'rolled-back', b: 'failed', c: 'rolled-back' } as const;
test(
  'hosts that go back are waited for',
  decides,
  { hosts: three, record: back, states: { ...returned, a: 'healthy' } },
  begun,
);
test(
  'all have gone back',
  decides,
  { hosts: three, record: back, states: returned },
  { phase: 'done', verdict: 'rolled-back', goingBackTo: 'rolled-back', message: 'Taken back: failed: b.' },
);
test(
  'there was nothing to go back to',
  decides,
  { hosts: three, record: back, states: returned, current: 0 },
  { verdict: 'failed', goingBackTo: 'rolled-back' },
);
test(
  'a host could not go back',
  decides,
  { hosts: three, record: back, states: { ...returned, c: 'failed/back' } },
  { verdict: 'failed', goingBackTo: 'rolled-back', message: 'Taken back: failed: b. Did not go back: c.' },
);
test(
  'a host that is gone for a moment may go back',
  decides,
  { hosts: three, record: back, states: { ...returned, c: 'healthy' }, gone: { c: NOW - 4_999 } },
  { untilMs: NOW + 1 },
);
test(
  'a host that is gone goes back later',
  decides,
  { hosts: three, record: back, states: { ...returned, c: 'healthy' }, gone: { c: 0 } },
  { verdict: 'rolled-back', message: 'Taken back: failed: b. Not there, to go back when they are: c.' },
);
test(
  'hosts that take too long to go back have not done so',
  decides,
  { ...late, hosts: three, record: back, states: { ...returned, c: 'healthy' } },
  { verdict: 'failed' },
);
test(
  'a person has stopped it',
  decides,
  {
    hosts: three,
    record: { ...back, goingBackTo: 'stopped', by: 'ann', reason: 'wrong branch' },
    states: returned,
  },
  { verdict: 'stopped', message: 'Stopped by ann: wrong branch.' },
);

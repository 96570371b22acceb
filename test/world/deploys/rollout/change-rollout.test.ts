import test from 'ava';
import {
  abortRollout,
  confirmRollout,
  resumeRollout,
} from '../../../../world/deploys/rollout/change-rollout.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import { AT, deploymentOf, manifestOf } from './situations.js';

const said = { by: 'ann', at: AT };

function rollout(record?: Partial<RolloutRecord>, manifest = manifestOf({})) {
  const whole: RolloutRecord | undefined = record && {
    ...{ app: 'shop', phase: 'running', admitted: 1, since: '2020', ...record },
  };
  return [7, deploymentOf(['a', 'b'], { manifest }), whole] as const;
}

test('a deploy is stopped whatever it does, and nobody else is admitted', (t) => {
  const stop = (...of: Parameters<typeof rollout>) =>
    abortRollout(rollout(...of), { ...said, reason: undefined });
  const stopped = { phase: 'going-back', goingBackTo: 'stopped', by: 'ann', since: AT } as const;
  t.like(stop(), { ...stopped, admitted: 2 });
  t.like(stop(undefined, manifestOf({ batch: 1 })), { ...stopped, admitted: 0 });
  t.like(stop({}), { ...stopped, admitted: 1 });
  const paused = { phase: 'paused', verdict: 'paused', message: 'failed: a.', reason: 'failed: a.' } as const;
  const { verdict, message } = stop(paused);
  t.deepEqual([verdict, message], [undefined, undefined]);
});

test('what goes back already is stopped by going on with that', (t) => {
  const going = { phase: 'going-back', goingBackTo: 'rolled-back', reason: 'failed: a.' } as const;
  const record = abortRollout(rollout(going), { ...said, reason: undefined });
  t.like(record, { goingBackTo: 'stopped', since: '2020', reason: 'failed: a.' });
  const again = () => abortRollout(rollout(record), { ...said, reason: undefined });
  t.throws(again, { code: 'conflict', message: /is being stopped already/ });
});

test('a deploy that goes on has its failures forgiven, and another host runs the hook once', (t) => {
  const paused = { phase: 'paused', verdict: 'paused', onceHost: 'a', forgiven: ['c'] } as const;
  const go = (record: Partial<RolloutRecord>) =>
    resumeRollout(rollout(record), { ...said, failed: ['a', 'c'] });
  const record = go({ ...paused, admitted: 0 });
  t.deepEqual(record, {
    ...{ app: 'shop', phase: 'running', admitted: 0, since: AT, by: 'ann', forgiven: ['c', 'a'] },
  });
  t.like(go({ ...paused, admitted: 1 }), { onceHost: 'a' });
  t.throws(() => go({ phase: 'going-back' }), { code: 'conflict', message: 'Deploy 7 is not paused.' });
});

test('a deploy is confirmed until it goes back', (t) => {
  t.like(confirmRollout(rollout(), said), { confirmed: true, phase: 'running', admitted: 2 });
  t.like(confirmRollout(rollout({ phase: 'paused', verdict: 'paused' }), said), {
    confirmed: true,
    verdict: 'paused',
  });
  const late = () => confirmRollout(rollout({ phase: 'going-back' }), said);
  t.throws(late, { code: 'conflict', message: /is being taken back already/ });
});

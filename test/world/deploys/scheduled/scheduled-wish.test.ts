import test from 'ava';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import type { RolloutRecord, Verdict } from '../../../../world/deploys/rollout/rollout-record.js';
import {
  type Chosen,
  type DeployInChain,
  isCandidate,
  rolloutStateOf,
  type Wish,
  wishFor,
} from '../../../../world/deploys/wanted/wanted-deploy.js';
import { AT, deploymentOf } from '../rollout/situations.js';

const host = { name: 'b', labels: {} };
const manifest = { name: 'shop', schedule: { namespace: 'web' } };

function chained(change: Partial<Deployment>, record?: Partial<RolloutRecord>): DeployInChain {
  const deployment = deploymentOf(['a', 'b', 'c'], { manifest, ...change });
  const whole = record && { app: 'shop', phase: 'running' as const, admitted: 0, since: AT, ...record };
  return { logged: { id: 7, payload: '', deployment }, record: whole, isNewest: true };
}

type Wishes = Readonly<Record<Chosen, Wish>>;

const wishes = test.macro<[deploy: DeployInChain, expected: Wishes, offers: boolean]>({
  exec: (t, deploy, expected, offers) => {
    const found = (['yes', 'no', 'unknown'] as const).map((chosen) => [
      chosen,
      wishFor(deploy, host, chosen),
    ]);
    t.deepEqual(Object.fromEntries(found), expected);
    t.is(isCandidate(deploy, host), offers);
  },
  title: (title = '') => title,
});

const decided = (verdict: Verdict, more: Partial<RolloutRecord> = {}): Partial<RolloutRecord> => ({
  ...{ phase: 'done', verdict, hosts: ['b'], admitted: 1 },
  ...more,
});
const onlyChosen: Wishes = { yes: 'yes', no: 'no', unknown: 'no' };
const nobody: Wishes = { yes: 'no', no: 'no', unknown: 'no' };
const allTakenBack: Wishes = { yes: 'taken-back', no: 'taken-back', unknown: 'taken-back' };
const allRest: Wishes = { yes: 'rest', no: 'rest', unknown: 'rest' };

test(
  'who is chosen begins a new deploy, and the others keep what they have',
  wishes,
  chained({}),
  onlyChosen,
  true,
);
test('so it is while it is rolled out', wishes, chained({}, { hosts: ['b'] }), onlyChosen, true);
test(
  'who is chosen later waits until it is known to be good',
  wishes,
  chained({}, { hosts: ['a'] }),
  nobody,
  true,
);
test(
  'a healthy one runs only where it is chosen, and stays as it is while nobody has decided',
  wishes,
  chained({}, decided('healthy', { hosts: ['a'] })),
  { yes: 'yes', no: 'rest', unknown: 'keep' },
  true,
);
test('one that went back is nobody’s', wishes, chained({}, decided('rolled-back')), allTakenBack, false);
test(
  'one that failed and was not taken back is kept where it ran',
  wishes,
  chained({}, decided('failed')),
  onlyChosen,
  true,
);
test(
  'where it did not run it is not begun',
  wishes,
  chained({}, decided('failed', { hosts: ['a'] })),
  nobody,
  true,
);
test(
  'one that was overtaken runs where it had switched',
  wishes,
  chained({}, decided('superseded')),
  onlyChosen,
  false,
);
test(
  'a newer one without the schedule ends it',
  wishes,
  { ...chained({}, decided('healthy')), isReplaced: true },
  allRest,
  false,
);
test(
  'it is not for hosts that it does not select',
  wishes,
  chained({ hosts: ['a'], manifest: { ...manifest, hosts: 'a' } }, decided('healthy')),
  nobody,
  false,
);
test(
  'what is started again is so where it was asked for, and changes nothing elsewhere',
  wishes,
  chained({ action: 'restart', hosts: ['a'] }, decided('healthy')),
  nobody,
  false,
);
test(
  'it is started again only where it runs',
  wishes,
  chained({ action: 'restart' }, decided('healthy')),
  { yes: 'yes', no: 'no', unknown: 'keep' },
  true,
);
test(
  'it is removed everywhere',
  wishes,
  chained({ action: 'remove' }),
  { yes: 'yes', no: 'yes', unknown: 'yes' },
  false,
);
test('all look at it', wishes, chained({ noop: true }), { yes: 'yes', no: 'yes', unknown: 'yes' }, false);

test('a chosen host switches when the rollout is known to be for it', (t) => {
  const isAdmitted = (record?: Partial<RolloutRecord>) =>
    rolloutStateOf(chained({}, record), host).isAdmitted;
  t.false(isAdmitted());
  t.false(isAdmitted({ hosts: ['a', 'b'], admitted: 1 }));
  t.true(isAdmitted({ hosts: ['a', 'b'], admitted: 2 }));
  t.true(isAdmitted(decided('healthy', { hosts: ['a'] })), 'it moves here');
});

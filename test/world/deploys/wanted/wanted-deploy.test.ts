import test from 'ava';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import {
  type DeployInChain,
  includesHost,
  rolloutStateOf,
  wishFor,
} from '../../../../world/deploys/wanted/wanted-deploy.js';

const host = { name: 'web2', labels: { role: 'web' } };

function entry(change: Partial<Deployment> = {}): Deployment {
  return {
    ...{ hawser: 1, name: 'shop', message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
    hosts: ['web1', 'web2', 'web3'],
    manifest: { name: 'shop' },
    ...change,
  };
}

function chained(
  change: Partial<Deployment>,
  record?: Partial<RolloutRecord>,
  isNewest = true,
): DeployInChain {
  const whole = record && { app: 'shop', phase: 'running' as const, admitted: 0, since: '', ...record };
  return { logged: { id: 7, payload: '', deployment: entry(change) }, record: whole, isNewest };
}

const isWanted = (...of: Parameters<typeof chained>) => wishFor(chained(...of), host) === 'yes';

test('a deploy is for the hosts that it names, and for those that come later and are selected', (t) => {
  t.true(includesHost(entry(), host));
  t.true(includesHost(entry({ hosts: ['web1'] }), host), 'it was for all');
  const selecting = (hosts: string) => entry({ hosts: ['web1'], manifest: { name: 'shop', hosts } });
  t.true(includesHost(selecting('role=web'), host));
  t.true(includesHost(selecting('web*'), host));
  t.false(includesHost(selecting('role=db'), host));
  t.false(includesHost(selecting('web1'), host));
  t.false(includesHost(entry({ hosts: ['web1'], action: 'restart' }), host), 'it has nothing to start again');
});

test('what was decided on a deploy says who wants it', (t) => {
  const wants = isWanted;
  const later = { hosts: ['web1'] };
  t.true(wants({}), 'nothing was decided yet');
  t.false(wants(later), 'it came later, and nobody knows yet whether it is any good');
  for (const verdict of ['healthy', 'superseded', 'paused'] as const) t.true(wants({}, { verdict }), verdict);
  for (const verdict of ['rolled-back', 'stopped', 'failed'] as const) {
    const record = { verdict, phase: 'done', goingBackTo: 'rolled-back' } as const;
    t.is(wishFor(chained({}, record), host), 'taken-back', verdict);
  }
  t.true(wants({}, { verdict: 'failed' }), 'it is kept by those that are well with it');
  t.false(wants(later, { verdict: 'failed' }));
  t.true(wants(later, { verdict: 'healthy' }));
  for (const verdict of ['superseded', 'paused'] as const) t.false(wants(later, { verdict }), verdict);
  const ordered = { manifest: { name: 'shop', rollout: { batch: 1 } } };
  t.true(wants(ordered, { verdict: 'superseded', admitted: 2 }));
  t.false(wants(ordered, { verdict: 'superseded', admitted: 1 }), 'nobody admits it any more');
});

test('a host whose deploy was taken back wants no other that is not known to be healthy', (t) => {
  const wish = (record?: Partial<RolloutRecord>) =>
    wishFor({ ...chained({}, record, false), isFallback: true }, host);
  t.is(wish(), 'no');
  for (const verdict of ['superseded', 'failed', 'paused'] as const) t.is(wish({ verdict }), 'no', verdict);
  t.is(wish({ verdict: 'healthy' }), 'yes');
});

test('one that only tells what would happen is looked at while it is new', (t) => {
  const noop = { noop: true };
  t.true(isWanted(noop));
  t.false(isWanted(noop, undefined, false));
  t.false(isWanted(noop, { verdict: 'healthy' }));
  t.false(isWanted({ ...noop, hosts: ['web1'] }));
});

test('hosts wait for their turn only where the rollout has an order, and until it is decided', (t) => {
  const isAdmitted = (change: Partial<Deployment>, record?: Partial<RolloutRecord>) =>
    rolloutStateOf(chained(change, record), host).isAdmitted;
  t.true(isAdmitted({}));
  const ordered = { manifest: { name: 'shop', rollout: { batch: 1 } } };
  t.false(isAdmitted(ordered));
  t.false(isAdmitted(ordered, { admitted: 1 }));
  t.true(isAdmitted(ordered, { admitted: 2 }));
  t.false(isAdmitted(ordered, { admitted: 1, phase: 'paused', verdict: 'paused' }));
  t.true(isAdmitted(ordered, { admitted: 0, phase: 'done', verdict: 'healthy' }), 'it was away');
  t.false(isAdmitted({ ...ordered, hosts: ['web1'] }, { admitted: 3 }), 'it came later');
  t.true(isAdmitted({ ...ordered, noop: true }));
  t.true(isAdmitted({ ...ordered, action: 'remove' }));
  t.false(isAdmitted(ordered, { admitted: 3, skipped: ['web2'] }), 'it was away at its turn');
  t.true(isAdmitted(ordered, { admitted: 3, skipped: ['web1'] }));
  t.false(
    isAdmitted(ordered, { admitted: 1, phase: 'done', verdict: 'failed' }),
    'it stopped before its turn',
  );
  const once = { manifest: { name: 'shop', hooks: { once: { run: ['migrate'] as const } } } };
  t.false(isAdmitted(once));
  t.true(isAdmitted({ ...once, action: 'restart' }), 'what is started again has been prepared for');
  t.true(isAdmitted({ ...once, rollbackOf: 6 }));
});

test('one host runs the hook once, before any host switches', (t) => {
  const once = { manifest: { name: 'shop', hooks: { once: { run: ['migrate'] as const } } } };
  const isOnceHost = (record?: Partial<RolloutRecord>) =>
    rolloutStateOf(chained(once, record), host).isOnceHost;
  t.false(isOnceHost());
  t.false(isOnceHost({ onceHost: 'web1' }));
  t.true(isOnceHost({ onceHost: 'web2' }));
  t.false(isOnceHost({ onceHost: 'web2', admitted: 1 }), 'it has run');
  t.false(isOnceHost({ onceHost: 'web2', phase: 'going-back' }));
});

test('hosts go back while the deploy does, and keep it once it is confirmed or decided', (t) => {
  const state = (record?: Partial<RolloutRecord>) => rolloutStateOf(chained({}, record), host);
  t.like(state(), { isGoingBack: false, isConfirmed: false });
  t.like(state({ phase: 'going-back' }), { isGoingBack: true });
  t.like(state({ confirmed: true }), { isConfirmed: true });
  t.like(state({ phase: 'done', verdict: 'healthy' }), { isConfirmed: true, isGoingBack: false });
});

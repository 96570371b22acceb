import test from 'ava';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import {
  type DeployInChain,
  includesHost,
  rolloutStateOf,
  wantsDeploy,
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

test('a deploy is for the hosts that it names, and for those that come later and are selected', (t) => {
  t.true(includesHost(entry(), host));
  t.true(includesHost(entry({ hosts: ['web1'] }), host), 'it was for all');
  const selecting = (hosts: string) => entry({ hosts: ['web1'], manifest: { name: 'shop', hosts } });
  t.true(includesHost(selecting('role=web'), host));
  t.true(includesHost(selecting('web*'), host));
  t.false(includesHost(selecting('role=db'), host));
  t.false(includesHost(selecting('web1'), host));
  const scheduled = { name: 'shop', schedule: { namespace: 'web' } };
  t.false(includesHost(entry({ hosts: ['web1'], manifest: scheduled }), host));
});

test('what was decided on a deploy says who wants it', (t) => {
  const wants = (change: Partial<Deployment>, record?: Partial<RolloutRecord>, isNewest = true) =>
    wantsDeploy(chained(change, record, isNewest), host);
  const later = { hosts: ['web1'] };
  t.true(wants({}), 'nothing was decided yet');
  t.false(wants(later), 'it came later, and nobody knows yet whether it is any good');
  for (const verdict of ['healthy', 'superseded', 'paused'] as const) t.true(wants({}, { verdict }), verdict);
  for (const verdict of ['rolled-back', 'stopped', 'failed'] as const)
    t.false(wants({}, { verdict }), verdict);
  t.true(wants(later, { verdict: 'healthy' }));
  for (const verdict of ['superseded', 'paused'] as const) t.false(wants(later, { verdict }), verdict);
  const keeping = { manifest: { name: 'shop', rollout: { onFailure: 'continue' as const } } };
  t.true(wants(keeping, { verdict: 'failed' }));
  t.false(wants({ ...keeping, ...later }, { verdict: 'failed' }));
});

test('one that only tells what would happen is looked at while it is new', (t) => {
  const noop = { noop: true };
  t.true(wantsDeploy(chained(noop), host));
  t.false(wantsDeploy(chained(noop, undefined, false), host));
  t.false(wantsDeploy(chained(noop, { verdict: 'healthy' }), host));
  t.false(wantsDeploy(chained({ ...noop, hosts: ['web1'] }), host));
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
  const once = { manifest: { name: 'shop', hooks: { once: { run: ['migrate'] as const } } } };
  t.false(isAdmitted(once));
});

test('hosts go back while the deploy does, and keep it once it is confirmed or decided', (t) => {
  const state = (record?: Partial<RolloutRecord>) => rolloutStateOf(chained({}, record), host);
  t.like(state(), { isGoingBack: false, isConfirmed: false });
  t.like(state({ phase: 'going-back' }), { isGoingBack: true });
  t.like(state({ confirmed: true }), { isConfirmed: true });
  t.like(state({ phase: 'done', verdict: 'healthy' }), { isConfirmed: true, isGoingBack: false });
});

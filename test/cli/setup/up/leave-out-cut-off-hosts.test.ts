import test from 'ava';
import { formatPlan } from '../../../../cli/setup/plan/format-plan.js';
import { type HostPlan, planHost } from '../../../../cli/setup/plan/plan-host.js';
import type { InstallRecord } from '../../../../cli/setup/record/install-record.js';
import { leaveOutCutOffHosts, type ReachPlan } from '../../../../cli/setup/up/leave-out-cut-off-hosts.js';
import type { FleetPlan } from '../../../../cli/setup/up/plan-fleet.js';
import { type ForwardRefusal, TunnelError } from '../../../../tunnel/index.js';
import { factsOf, recordOf } from '../host-facts.js';

const { signal } = new AbortController();
const id = '00000000-0000-4000-8000-000000000001';
const context = {
  fleet: { name: 'prod', id, authority: undefined },
  bundle: { sha256: 'ab'.repeat(32), version: '1.0.0', sizeBytes: 1 },
  useHostNode: false,
  hasEtcdFile: false,
  canIssue: true,
};

/** A host's plan: `web2` has the address 10.0.0.2. */
function planOf(name: string, record?: InstallRecord, hasClusterData = false): HostPlan {
  const host = { name, ssh: name, hostKeys: [], address: addressOf(name), labels: {} };
  const facts = factsOf({ record, certificate: undefined, hasClusterData });
  return planHost({ host, facts, user: 'root', sudo: 'root' }, context);
}

function addressOf(name: string): string {
  return `10.0.0.${name.replace('web', '')}`;
}

function planned(hosts: readonly HostPlan[], founding: FleetPlan['founding']): FleetPlan {
  return { hosts, founding, refusals: [] };
}

/** Nothing listens anywhere, and of some ways, such as `web1>web2`, the host says something else. */
async function tried(
  plan: FleetPlan,
  ways: Readonly<Record<string, ForwardRefusal>> = {},
): Promise<ReachPlan & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const probeOf = (name: string) => ({
    tryConnect: async ({ host, port }: { readonly host: string; readonly port: number }) => {
      asked.push(`${name} to ${host}:${port}`);
      const refusal = ways[`${name}>web${host.split('.').at(-1)}`] ?? 'not-listening';
      throw new TunnelError('forward-refused', name, 'refused', { refusal });
    },
  });
  return { ...(await leaveOutCutOffHosts(plan, { probeOf, signal })), asked };
}

const names = (plan: ReachPlan) => plan.hosts.map(({ host }) => host.name);

test('A new host that the others do not reach is left out, and does not make the cluster', async (t) => {
  const three = ['web1', 'web2', 'web3'];
  const plan = planned(
    three.map((name) => planOf(name)),
    { kind: 'found', candidates: three },
  );
  const open = await tried(plan);
  t.deepEqual(names(open), three);
  t.is(open.asked.length, 12);
  const cut = await tried(plan, { 'web2>web1': 'no-way', 'web3>web1': 'no-way' });
  t.deepEqual(names(cut), ['web2', 'web3']);
  t.deepEqual(cut.founding, { kind: 'found', candidates: ['web2', 'web3'] });
  t.like(cut.refusals, [{ host: 'web1', error: { code: 'failed' } }]);
  t.regex(cut.refusals[0]?.message ?? '', /web2 has no route to web1 at 10\.0\.0\.1, ports/);
});

test('The host that an earlier run chose to make the cluster stays rather than the first', async (t) => {
  const plan = planned([planOf('web1'), planOf('web2')], { kind: 'found', candidates: ['web2', 'web1'] });
  t.deepEqual(names(await tried(plan, { 'web1>web2': 'no-way' })), ['web2']);
});

test('Hosts that are set up are asked nothing, whatever else is to be done there', async (t) => {
  const settled = (name: string) => planOf(name, recordOf(name, addressOf(name), id), true);
  const plan = planned([settled('web1'), settled('web2')], { kind: 'join' });
  t.deepEqual((await tried(plan)).asked, []);
  const joins = await tried(planned([planOf('web3'), ...plan.hosts], { kind: 'join' }), {
    'web1>web3': 'no-way',
  });
  t.is(joins.asked.length, 8);
  t.deepEqual(names(joins), ['web1', 'web2']);
});

test('A host that moves to another address is asked again, and stays rather than a new one', async (t) => {
  const moved = planOf('web2', recordOf('web2', '10.0.0.9', id), true);
  const other = planOf('web1', recordOf('web1', '10.0.0.1', id), true);
  t.deepEqual(names(await tried(planned([moved, other], { kind: 'join' }), { 'web1>web2': 'no-way' })), [
    'web1',
  ]);
  const plan = planned([planOf('web1'), moved], { kind: 'join' });
  t.deepEqual(names(await tried(plan, { 'web1>web2': 'no-way' })), ['web2']);
  const begun = planOf('web2', { ...recordOf('web2', '10.0.0.2', id), state: 'in-progress' }, true);
  t.deepEqual(
    names(await tried(planned([planOf('web1'), begun], { kind: 'join' }), { 'web1>web2': 'no-way' })),
    ['web2'],
  );
});

test('The plan says which hosts do not tell, and leaves nobody out for it', async (t) => {
  const plan = planned([planOf('web1'), planOf('web2')], { kind: 'found', candidates: ['web1', 'web2'] });
  const seen = await tried(plan, { 'web2>web1': 'forbidden' });
  t.deepEqual(names(seen), ['web1', 'web2']);
  const text = formatPlan({ ...context, ...seen, leftOut: seen.refusals, isNew: true, founder: 'web1' });
  t.true(
    text.some((line) => /^It is not known whether web2 can reach/.test(line)),
    text.join('\n'),
  );
  const open = await tried(plan);
  const other = formatPlan({ ...context, ...open, leftOut: [], isNew: true, founder: 'web1' });
  t.false(other.some((line) => line.startsWith('Not known')));
});

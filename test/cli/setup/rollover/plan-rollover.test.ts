import test from 'ava';
import { fingerprintsOf, joinAuthorities } from '../../../../cli/setup/certificates/authorities.js';
import {
  createAuthority,
  issueHostCertificate,
} from '../../../../cli/setup/certificates/issue-certificate.js';
import { planHost } from '../../../../cli/setup/plan/plan-host.js';
import { isRolling, planRollover, type RolledPlan } from '../../../../cli/setup/rollover/plan-rollover.js';
import { factsOf, recordOf } from '../host-facts.js';

const DAY_MS = 86_400_000;
const id = '00000000-0000-4000-8000-000000000001';
const [old, newest] = [createAuthority('prod'), createAuthority('prod')];
const both = [newest.cert, old.cert];
const bundle = { sha256: 'ab'.repeat(32), version: '1.0.0', sizeBytes: 1 };

const issuers = new Map<string, string>();

/** A host as it is. */
interface Host {
  readonly name: string;
  readonly address: string;
  certificate: string;
  /** In the file that etcd reads at its start. */
  file: readonly string[];
  /** What its etcd trusts as it runs. */
  trusts: readonly string[];
  /** What the record says of that. */
  noted: readonly string[];
  isRunning: boolean;
}

function issue(authority: typeof old, { name, address }: Pick<Host, 'name' | 'address'>, at?: Date): string {
  const { cert } = issueHostCertificate(authority, { hostname: name, addresses: [address] }, at);
  issuers.set(cert, authority.cert);
  return cert;
}

function hostOf(number: number): Host {
  const it = { name: `web${number}`, address: `10.0.0.${number}` };
  const certificate = issue(old, it);
  return { ...it, certificate, file: [old.cert], trusts: [old.cert], noted: [old.cert], isRunning: true };
}

function planOf(
  hosts: readonly Host[],
  expected = hosts.map(({ name }) => name),
  canIssue = true,
): RolledPlan {
  const fleet = { name: 'prod', id, authority: joinAuthorities(both) };
  const plans = hosts.map((host) => {
    const { name, address, certificate, file, noted, isRunning } = host;
    const trusts = fingerprintsOf(joinAuthorities(noted));
    const record = { ...recordOf(name, address, id), trusts };
    const agent = { record, certificate, hasClusterData: true, trusted: joinAuthorities(file), isRunning };
    const facts = { ...factsOf(agent), addresses: [address] };
    const known = { name, ssh: name, hostKeys: [], address, labels: {} };
    return planHost(
      { host: known, facts, user: 'root', sudo: 'root' },
      { fleet, bundle, useHostNode: false, hasEtcdFile: false, canIssue },
    );
  });
  return planRollover(plans, { ...fleet, hosts: expected.map((name) => ({ name })) }, { canIssue });
}

/** Everything that is done by the plan, in order, in parts that a cut can come between. */
function* work(hosts: readonly Host[], { hosts: plans, rollover }: RolledPlan): Generator<void> {
  const find = (name: string) => hosts.find((host) => host.name === name) ?? hosts[0];
  function* restart(host: Host | undefined, trusted: readonly string[]): Generator<void> {
    if (host === undefined) return;
    host.file = trusted;
    yield;
    host.isRunning = false;
    yield;
    host.isRunning = true;
    host.trusts = host.file;
    yield;
    host.noted = trusted;
    yield;
  }
  for (const name of rollover?.spread ?? []) yield* restart(find(name), both);
  for (const { host, certificate, starts } of plans) {
    const one = find(host.name);
    if (one === undefined) continue;
    if (certificate !== 'keep') {
      one.certificate = issue(newest, one);
      one.file = both;
      yield;
    }
    if (starts) yield* restart(one, one.file);
  }
  for (const name of rollover?.drop ?? []) yield* restart(find(name), [newest.cert]);
}

/** Hosts that run and do not accept each other. */
function estranged(hosts: readonly Host[]): string[] {
  const running = hosts.filter(({ isRunning }) => isRunning);
  return running.flatMap((one) =>
    running
      .filter(({ certificate }) => !one.trusts.includes(issuers.get(certificate) ?? ''))
      .map((other) => `${one.name} refuses ${other.name}`),
  );
}

test('A change of the authority that is cut anywhere, and then gone on with, never parts two hosts nor stops two', (t) => {
  for (let cut = 0; ; cut += 1) {
    const hosts = [hostOf(1), hostOf(2)];
    let done = 0;
    const watch = (steps: Generator<void>, most: number): boolean => {
      for (let step = steps.next(); !step.done; step = steps.next()) {
        t.deepEqual(estranged(hosts), [], `after ${done} steps, cut after ${cut}`);
        t.true(hosts.filter(({ isRunning }) => !isRunning).length <= 1);
        done += 1;
        if (done === most) return true;
      }
      return false;
    };
    const wasCut = watch(work(hosts, planOf(hosts)), cut);
    watch(work(hosts, planOf(hosts)), Number.POSITIVE_INFINITY);
    const rest = planOf(hosts);
    t.deepEqual([rest.rollover?.spread, rest.rollover?.drop], [[], []]);
    t.true(rest.hosts.every(({ isNothing }) => isNothing));
    for (const { trusts, certificate } of hosts) {
      t.deepEqual(trusts, [newest.cert]);
      t.is(issuers.get(certificate), newest.cert);
    }
    if (cut > 0 && !wasCut) {
      t.true(cut > 15, 'every step was cut after');
      break;
    }
  }
});

test('While a host cannot take part, the others only come to trust the new authority, too', (t) => {
  const hosts = [hostOf(1), hostOf(2)];
  const { rollover, hosts: plans } = planOf(hosts, ['web1', 'web2', 'web3']);
  t.like(rollover, { spread: ['web1', 'web2'], drop: [], waitsFor: ['web3'] });
  t.deepEqual(
    plans.map(({ certificate }) => certificate),
    ['keep', 'keep'],
  );
  for (const _ of work(hosts, { hosts: plans, rollover })) t.deepEqual(estranged(hosts), []);
  const next = planOf(hosts, ['web1', 'web2', 'web3']);
  t.false(isRolling(next.rollover));
  t.true(next.hosts.every(({ isNothing }) => isNothing));
});

test('Without the key of the new authority everything stays as it is', (t) => {
  const { rollover, hosts } = planOf([hostOf(1), hostOf(2)], undefined, false);
  t.is(rollover, undefined);
  t.true(hosts.every(({ isNothing }) => isNothing));
});

test('Hosts whose certificates have expired are started at once, with the new authority', (t) => {
  const hosts = [hostOf(1), hostOf(2), hostOf(3)];
  for (const host of hosts) {
    host.certificate = issue(old, host, new Date(Date.now() - 400 * DAY_MS));
    host.isRunning = false;
  }
  const plan = planOf(hosts);
  t.like(plan.rollover, { spread: [], mayStop: true });
  t.true(plan.hosts.every(({ certificate, starts }) => certificate === 'renew' && starts));
  for (const _ of work(hosts, plan));
  t.deepEqual(estranged(hosts), []);
  t.deepEqual(planOf(hosts).rollover?.drop, []);
});

test('Hosts that do not run are started once, with what they are to trust', (t) => {
  const hosts = [hostOf(1), hostOf(2), hostOf(3)];
  for (const host of hosts.slice(0, 2)) host.isRunning = false;
  const plan = planOf(hosts);
  t.deepEqual(plan.rollover?.spread, ['web1', 'web2', 'web3']);
  t.true(plan.hosts.every(({ starts, certificate }) => !starts && certificate === 'new'));
});

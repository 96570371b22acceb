import { fingerprintsOf, issuerOf, joinAuthorities, splitAuthorities } from '../certificates/authorities.js';
import { trustedBy } from '../plan/plan-certificate.js';
import { type HostPlan, keepingCertificate, startedBefore } from '../plan/plan-host.js';

/**
 * How a fleet goes over to a new authority without a stop: all hosts trust both, then each has a certificate of the new one, then
 * none trusts the old one. What etcd trusts it reads at its start only, so its hosts are restarted for that, one after another.
 */
export interface RolloverPlan {
  /** The new authority, then those that are to be trusted no more. */
  readonly authorities: readonly string[];
  /** Hosts that are restarted to trust all of them. */
  readonly spread: readonly string[];
  /** Hosts that are restarted to trust only the new one, when every host has its certificate. */
  readonly drop: readonly string[];
  /** Hosts of the fleet that cannot take part now: until then no certificate is issued for the sake of the new authority. */
  readonly waitsFor: readonly string[];
  /** Whether a restart may stop the fleet for a moment, as others are out because of their certificates. */
  readonly mayStop: boolean;
}

/** The plans of the hosts, and of the change to the new authority if there is one. */
export interface RolledPlan {
  readonly hosts: readonly HostPlan[];
  readonly rollover: RolloverPlan | undefined;
}

/**
 * Decides, from what the hosts have and trust, what is left of the change to a new authority. After each part of it the next call
 * finds the rest.
 *
 * @param fleet.authority the authorities in the fleet file, PEM: more than one while they change
 */
export function planRollover(
  hosts: readonly HostPlan[],
  fleet: { readonly authority: string | undefined; readonly hosts: readonly { readonly name: string }[] },
  { canIssue }: { readonly canIssue: boolean },
): RolledPlan {
  const authorities = splitAuthorities(fleet.authority);
  if (authorities.length < 2 || !canIssue) return { hosts, rollover: undefined };
  const [newest = '', ...old] = authorities;
  const waitsFor = fleet.hosts
    .map(({ name }) => name)
    .filter((name) => !hosts.some(({ host }) => host.name === name));
  const standing = hosts.filter(({ counts }) => counts);
  const isIssued = hosts.every(
    ({ counts, facts: { agent } }) =>
      counts && agent.certificate !== undefined && issuerOf(agent.certificate, [newest]) !== undefined,
  );
  const knowsAll = (plan: HostPlan) => plan.facts.agent.isRunning && trusts(plan, authorities);
  const spread = isIssued ? [] : standing.filter((plan) => !knowsAll(plan));
  const drop =
    waitsFor.length > 0
      ? []
      : hosts.filter((plan) => !isIssued || !trusts(plan, [newest]) || trustsAny(plan, old));
  const started = hosts.map((plan) => (spread.includes(plan) ? startedBefore(plan) : plan));
  return {
    hosts: waitsFor.length > 0 ? started.map(untilAllCanTakePart) : started,
    rollover: {
      ...{ authorities, waitsFor },
      ...{ spread: namesOf(spread), drop: namesOf(drop) },
      mayStop: standing.length < hosts.filter(({ facts }) => facts.agent.hasClusterData).length,
    },
  };
}

/** Whether anything is to be done now. */
export function isRolling(rollover: RolloverPlan | undefined): rollover is RolloverPlan {
  return rollover !== undefined && (rollover.spread.length > 0 || rollover.waitsFor.length === 0);
}

function untilAllCanTakePart(plan: HostPlan): HostPlan {
  return plan.because === 'authority' ? keepingCertificate(plan) : plan;
}

function trusts({ facts: { agent } }: HostPlan, authorities: readonly string[]): boolean {
  const wanted = fingerprintsOf(joinAuthorities(authorities));
  return [trustedBy(agent), fingerprintsOf(agent.trusted)].every((found) =>
    wanted.every((one) => found.includes(one)),
  );
}

function trustsAny({ facts: { agent } }: HostPlan, authorities: readonly string[]): boolean {
  const found = [...trustedBy(agent), ...fingerprintsOf(agent.trusted)];
  return fingerprintsOf(joinAuthorities(authorities)).some((one) => found.includes(one));
}

function namesOf(hosts: readonly HostPlan[]): string[] {
  return hosts.map(({ host }) => host.name);
}

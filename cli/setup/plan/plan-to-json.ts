import type { PlanText } from './format-plan.js';
import type { HostPlan } from './plan-host.js';

/** The plan for programs. */
export function planValue({ fleet, isNew, hosts, leftOut, unknownReach, rollover }: PlanText) {
  return {
    fleet: { name: fleet.name, isNew },
    hosts: hosts.map(hostValue),
    leftOut: leftOut.map(({ host, message }) => ({ hostname: host, message })),
    unknownReach,
    newAuthority:
      rollover === undefined
        ? null
        : { restartsToTrust: rollover.spread, restartsToForget: rollover.drop, waitsFor: rollover.waitsFor },
  };
}

function hostValue(plan: HostPlan) {
  const { host, installEtcd, sendsEtcd, sendsPrograms, certificate, because, groupUser, starts } = plan;
  return {
    hostname: host.name,
    address: host.address,
    changes: !plan.isNothing,
    installEtcd: installEtcd ?? null,
    sendsEtcd,
    sendsPrograms,
    certificate,
    certificateBecause: because ?? null,
    groupUser: groupUser ?? null,
    starts,
  };
}

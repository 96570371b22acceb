import { chooseWays } from '../reach/choose-host-pairs.js';
import { findCutOffHosts } from '../reach/find-cut-off-hosts.js';
import { type TryOptions, tryWays } from '../reach/probe-host-pairs.js';
import type { FleetPlan } from './plan-fleet.js';

/** A plan, after it was tried whether the hosts reach each other. */
export interface ReachPlan extends FleetPlan {
  /** Hosts that do not say whether they reach others. */
  readonly unknownReach: readonly string[];
}

/**
 * Takes hosts out of a plan that the others do not reach, or that do not reach them, on the ports of etcd. Nothing is tried
 * where no host is to come. An abort rejects.
 */
export async function leaveOutCutOffHosts(plan: FleetPlan, tryOptions: TryOptions): Promise<ReachPlan> {
  const { founding, refusals } = plan;
  // Who is to make the cluster stays rather than others.
  const rank = (name: string) => (founding.kind === 'found' ? founding.candidates.indexOf(name) : 0);
  const hosts = plan.hosts
    .map(({ host: { name, address }, standing }) => ({ name, address, standing }))
    .sort((a, b) => rank(a.name) - rank(b.name));
  const tried = await tryWays(chooseWays(hosts), tryOptions);
  const { cutOff, unknown } = findCutOffHosts(hosts, tried);
  const errors = [...cutOff].map(([host, error]) => ({ host, error, message: error.message }));
  return {
    hosts: plan.hosts.filter(({ host }) => !cutOff.has(host.name)),
    refusals: [...refusals, ...errors],
    founding:
      founding.kind === 'found'
        ? { kind: 'found', candidates: founding.candidates.filter((name) => !cutOff.has(name)) }
        : founding,
    unknownReach: unknown.filter((name) => !cutOff.has(name)),
  };
}

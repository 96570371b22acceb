import { AgentError } from '../../errors.js';

/** What determines how an agent starts. */
export interface StartFacts {
  readonly hostname: string;
  readonly prefix: string;
  /** Whether a server may run here and has data. */
  readonly hasData: boolean;
  /** As given to the agent. */
  readonly seeds: readonly string[];
  /** Whether the seeds are reached through SSH. */
  readonly connectsThroughSsh: boolean;
  /** The endpoints of other hosts of its fleet, as recorded in the prefix. */
  readonly remembered: readonly string[];
  /** The fleet recorded in the prefix, in words; undefined for a new prefix. */
  readonly fleet: string | undefined;
  /** Whether `--new-cluster` was given. */
  readonly newCluster: boolean;
}

/**
 * How an agent starts: with its data, as a client that may be nominated, or with a new cluster, which also takes a
 * permit.
 */
export type StartPlan =
  | { readonly kind: 'restart' }
  /** `note`: a remark for the log. */
  | { readonly kind: 'join'; readonly seeds: readonly string[]; readonly note?: string }
  | { readonly kind: 'found' };

/**
 * A host that has belonged to a fleet never creates another, whatever its command line says: a unit file that
 * restarts it after its data was removed still has `--new-cluster`.
 *
 * @throws AgentError `no-fleet` if there is nothing to join and no new cluster may be created.
 */
export function planStart(facts: StartFacts): StartPlan {
  const { hostname, hasData, seeds, connectsThroughSsh, remembered, fleet, newCluster } = facts;
  if (hasData) return { kind: 'restart' };
  if (seeds.length > 0 || connectsThroughSsh) {
    if (!newCluster) return { kind: 'join', seeds };
    return {
      kind: 'join',
      seeds,
      note: '--new-cluster has no effect with seeds: this host joins their cluster',
    };
  }
  if (remembered.length > 0) {
    const note = `${hostname} has no data and was in a fleet before: rejoining that fleet at ${remembered.join(', ')}`;
    return { kind: 'join', seeds: remembered, note };
  }
  if (fleet !== undefined) throw new AgentError('no-fleet', lostFleet(facts, fleet));
  if (newCluster) return { kind: 'found' };
  throw new AgentError(
    'no-fleet',
    `${hostname} has no data and no seeds, so it does not know which fleet it belongs to: pass --seeds with the ` +
      'client URL of a host of the fleet, or --new-cluster on the very first host of a new fleet.',
  );
}

function lostFleet({ hostname, prefix }: StartFacts, fleet: string): string {
  return (
    `The etcd data of ${hostname} is gone, but ${prefix} belongs to ${fleet}, so it does not create a new cluster: pass ` +
    '--seeds with the client URL of a host of that fleet. If none is left, restore the data, or remove ' +
    `${prefix} and start with --new-cluster to create a new fleet.`
  );
}

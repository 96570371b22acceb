import { AgentError } from '../../errors.js';

/** What decides how an agent begins. */
export interface StartFacts {
  readonly hostname: string;
  readonly prefix: string;
  /** Whether a server may run here and left its data. */
  readonly hasData: boolean;
  /** As the agent was given them. */
  readonly seeds: readonly string[];
  /** Whether seeds are reached some other way: through SSH. */
  readonly connectsThroughSsh: boolean;
  /** Where the prefix remembers servers of other hosts of its fleet. */
  readonly remembered: readonly string[];
  /** The fleet that the prefix remembers, in words; undefined for a new prefix. */
  readonly fleet: string | undefined;
  /** Whether `--new-cluster` was given. */
  readonly newCluster: boolean;
}

/**
 * How an agent begins: with the data that it has, as a client that may be nominated, or with a new cluster, which also
 * takes a permit.
 */
export type StartPlan =
  | { readonly kind: 'restart' }
  /** `note`: what the person should know of it. */
  | { readonly kind: 'join'; readonly seeds: readonly string[]; readonly note?: string }
  | { readonly kind: 'found' };

/**
 * A host that has belonged to a fleet never makes another by itself, whatever its command line says: a unit that is
 * started again after its data was removed still holds `--new-cluster`.
 *
 * @throws AgentError `no-fleet` when there is nothing to join and nothing may be made.
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

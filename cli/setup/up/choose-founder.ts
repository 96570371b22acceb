/** What is known of a host's part in the cluster. */
export interface ClusterSighting {
  readonly name: string;
  /** Whether the host could be looked at. */
  readonly isReached: boolean;
  /** Whether it was looked at before, at an earlier `up`. */
  readonly isKnown: boolean;
  /** Whether an agent of the fleet runs there, or has run and left its data. */
  readonly hasCluster: boolean;
  /** Whether an earlier `up` chose it to make the cluster, and did not come to an end. */
  readonly isFounder: boolean;
}

/** Whether there is a cluster to join, or who makes one; in order, for one that fails before it has begun. */
export type Founding =
  | { readonly kind: 'join' }
  | { readonly kind: 'found'; readonly candidates: readonly string[] }
  | { readonly kind: 'unclear'; readonly unreached: readonly string[] };

/**
 * Decides who makes the cluster. There must never be two: as soon as an earlier `up` may have begun one on a host that
 * cannot be looked at now, nobody else makes one.
 *
 * @param hasId whether an earlier `up` came so far that a host may have begun
 */
export function chooseFounder(hosts: readonly ClusterSighting[], hasId: boolean): Founding {
  if (hosts.some(({ hasCluster }) => hasCluster)) return { kind: 'join' };
  const unreached = hosts.filter(({ isReached, isKnown }) => isKnown && !isReached);
  if (hasId && unreached.length > 0) return { kind: 'unclear', unreached: unreached.map(({ name }) => name) };
  const reached = hosts.filter(({ isReached }) => isReached);
  const chosen = reached.filter(({ isFounder }) => isFounder);
  const rest = reached.filter(({ isFounder }) => !isFounder);
  return { kind: 'found', candidates: [...chosen, ...rest].map(({ name }) => name) };
}

import { compareFleets } from '../../fleet/compare-fleets.js';
import { describeFleet, type FleetIdentity } from '../../fleet/identity-codec.js';

/** One endpoint's answer to which fleet it belongs to. */
export interface Sighting {
  readonly clusterId: string;
  /** Undefined for a cluster that names none, such as mgmt's or a plain etcd. */
  readonly fleet: FleetIdentity | undefined;
}

/** What a client knows of its fleet. The cluster is undefined until an endpoint of the fleet has answered. */
export interface KnownFleet {
  readonly clusterId: string | undefined;
  readonly fleet: FleetIdentity | undefined;
}

/**
 * How an endpoint relates to the client's fleet:
 * - `same`: it belongs to it.
 * - `adopt`: it belongs to it and tells more: the fleet now has a name, was recovered, or no longer has a name.
 * - `other`: it belongs to another fleet, or to a cluster left behind by a recovery.
 */
export type FleetMatch = 'same' | 'adopt' | 'other';

/** A fleet without a name is accepted as it is, on any cluster. */
export function matchFleet(known: KnownFleet, sighting: Sighting): FleetMatch {
  const isSameCluster = known.clusterId === undefined || known.clusterId === sighting.clusterId;
  if (known.fleet === undefined) {
    if (sighting.fleet === undefined) return known.clusterId === sighting.clusterId ? 'same' : 'adopt';
    return isSameCluster ? 'adopt' : 'other';
  }
  if (sighting.fleet === undefined) return known.clusterId !== undefined && isSameCluster ? 'adopt' : 'other';
  const relation = compareFleets(known.fleet, sighting.fleet);
  if (relation === 'recovered') return 'adopt';
  if (relation === 'other' || !isSameCluster) return 'other';
  return known.clusterId === undefined ? 'adopt' : 'same';
}

/**
 * The one fleet that several endpoints belong to, in its newest generation; undefined if they belong to different
 * fleets. Clusters that name no fleet count only together with one that does.
 */
export function agreed<T extends Sighting>(sightings: readonly T[]): T | undefined {
  const named = sightings.filter(({ fleet }) => fleet !== undefined);
  const [first = sightings[0], ...others] = named.sort(byGeneration);
  if (first === undefined || named.length === 0) return first;
  const clusters = new Set(named.map(({ clusterId }) => clusterId));
  if (others.some(({ fleet }) => fleet?.uuid !== first.fleet?.uuid)) return undefined;
  const isForeign = sightings.some(({ fleet, clusterId }) => fleet === undefined && !clusters.has(clusterId));
  return isForeign ? undefined : first;
}

function byGeneration(a: Sighting, b: Sighting): number {
  return (b.fleet?.generation ?? 0) - (a.fleet?.generation ?? 0);
}

/** For messages, such as `fleet 0c6f… (cluster 7f3a…)`. */
export function describeSighting({ fleet, clusterId }: KnownFleet): string {
  const cluster = clusterId === undefined ? '' : `cluster ${BigInt(clusterId).toString(16)}`;
  if (fleet === undefined)
    return cluster === '' ? 'a cluster that names no fleet' : `${cluster}, which names no fleet`;
  return `${describeFleet(fleet)}${cluster === '' ? '' : ` (${cluster})`}`;
}

import { compareFleets, describeFleet, type FleetIdentity } from '../../fleet/fleet-identity.js';

/** What one endpoint said of the fleet behind it. */
export interface Sighting {
  readonly clusterId: string;
  /** Undefined for a cluster that does not say: of mgmt, or a plain etcd. */
  readonly fleet: FleetIdentity | undefined;
}

/** What a client knows of its fleet. The cluster is the one in which the fleet was met, if it was. */
export interface KnownFleet {
  readonly clusterId: string | undefined;
  readonly fleet: FleetIdentity | undefined;
}

/**
 * What an endpoint is to a client:
 * - `same`: of its fleet.
 * - `adopt`: of its fleet, of which more is known from now on: it says who it is since, was recovered, or says it no more.
 * - `other`: of another fleet, or what a recovery of its own left behind.
 */
export type FleetMatch = 'same' | 'adopt' | 'other';

/** A fleet that does not say who it is is used as it is, whatever cluster it runs on. */
export function matchSighting(known: KnownFleet, sighting: Sighting): FleetMatch {
  const isSameCluster = known.clusterId === undefined || known.clusterId === sighting.clusterId;
  if (known.fleet === undefined) {
    if (sighting.fleet === undefined) return known.clusterId === sighting.clusterId ? 'same' : 'adopt';
    return isSameCluster ? 'adopt' : 'other';
  }
  if (sighting.fleet === undefined) return known.clusterId !== undefined && isSameCluster ? 'adopt' : 'other';
  const likeness = compareFleets(known.fleet, sighting.fleet);
  if (likeness === 'recovered') return 'adopt';
  if (likeness === 'other' || !isSameCluster) return 'other';
  return known.clusterId === undefined ? 'adopt' : 'same';
}

/**
 * Of what several endpoints say, the fleet that they stand for: of one fleet the newest generation; undefined when they
 * are of different fleets. Clusters that do not say count only beside one that does.
 */
export function agreed<T extends Sighting>(sightings: readonly T[]): T | undefined {
  const named = sightings.filter(({ fleet }) => fleet !== undefined);
  const [first = sightings[0], ...others] = named.sort(byGeneration);
  if (first === undefined || named.length === 0) return first;
  const clusters = new Set(named.map(({ clusterId }) => clusterId));
  if (others.some(({ fleet }) => fleet?.uuid !== first.fleet?.uuid)) return undefined;
  const strange = sightings.some(({ fleet, clusterId }) => fleet === undefined && !clusters.has(clusterId));
  return strange ? undefined : first;
}

function byGeneration(a: Sighting, b: Sighting): number {
  return (b.fleet?.generation ?? 0) - (a.fleet?.generation ?? 0);
}

/** For people, such as `fleet 0c6f… (cluster 7f3a…)`. */
export function describeSighting({ fleet, clusterId }: KnownFleet): string {
  const cluster = clusterId === undefined ? '' : `cluster ${BigInt(clusterId).toString(16)}`;
  if (fleet === undefined)
    return cluster === '' ? 'a cluster that names no fleet' : `${cluster}, which names no fleet`;
  return `${describeFleet(fleet)}${cluster === '' ? '' : ` (${cluster})`}`;
}

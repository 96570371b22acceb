import { z } from 'zod';

/** Where a fleet says who it is; beneath the namespace. */
export const FLEET_KEY = '/hawser/fleet';

/** Who a fleet is, whatever cluster of etcd it runs on. */
export interface FleetIdentity {
  readonly uuid: string;
  /** From 1; each `members recover` raises it, so that what a recovery left behind is told from the fleet. */
  readonly generation: number;
}

const fleetSchema = z.object({ uuid: z.uuid(), generation: z.int().min(1) });

/** Reads the value of {@link FLEET_KEY}; undefined where it is something else. */
export function parseFleet(value: Uint8Array): FleetIdentity | undefined {
  try {
    return fleetSchema.safeParse(JSON.parse(Buffer.from(value).toString())).data;
  } catch {
    return undefined;
  }
}

export function serialiseFleet({ uuid, generation }: FleetIdentity): string {
  return JSON.stringify({ uuid, generation });
}

/** For people, such as `fleet 0c6f…, generation 2`. */
export function describeFleet({ uuid, generation }: FleetIdentity): string {
  return generation === 1 ? `fleet ${uuid}` : `fleet ${uuid}, generation ${generation}`;
}

/**
 * How a fleet that was met compares with the one that is known: the same; the same after a recovery, which goes on as
 * it; or another, which is refused, as is what a recovery left behind.
 */
export function compareFleets(known: FleetIdentity, met: FleetIdentity): 'same' | 'recovered' | 'other' {
  if (met.uuid !== known.uuid || met.generation < known.generation) return 'other';
  return met.generation === known.generation ? 'same' : 'recovered';
}

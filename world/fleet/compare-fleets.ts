import type { FleetIdentity } from './identity-codec.js';

/**
 * How a fleet that was met compares with the one that is known: the same; the same after a recovery, which goes on as
 * it; or another, which is refused, as is what a recovery left behind.
 */
export function compareFleets(known: FleetIdentity, met: FleetIdentity): 'same' | 'recovered' | 'other' {
  if (met.uuid !== known.uuid || met.generation < known.generation) return 'other';
  return met.generation === known.generation ? 'same' : 'recovered';
}

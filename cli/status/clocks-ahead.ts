import type { HostHealth } from '../../world/agents/host-health.js';

/**
 * How far the clock of each host is ahead of most others', in milliseconds. Each was compared with the elected host's, which
 * may be the one that is wrong.
 */
export function clocksAhead(health: ReadonlyMap<string, HostHealth>): Map<string, number> {
  const known = [...health].map(([hostname, { clockAheadMs = 0 }]) => [hostname, clockAheadMs] as const);
  const sorted = known.map(([, aheadMs]) => aheadMs).toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return new Map(known.map(([hostname, aheadMs]) => [hostname, aheadMs - middle]));
}

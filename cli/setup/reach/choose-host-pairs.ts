import { ETCD_PORTS } from '../facts/facts-script.js';
import type { Standing } from '../plan/plan-host.js';

/** How many hosts each host is tried against. */
const MOST_PARTNERS = 8;

/** A host that others are to reach. */
export interface ReachableHost {
  readonly name: string;
  /** What other hosts dial. */
  readonly address: string;
  readonly standing: Standing;
}

/** From one host to an address of another. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Which ways to try: between each host that is to come and others, in both directions. Hosts that are in the fleet already
 * have shown that they reach each other.
 *
 * All pairs of hundreds of hosts would be too many. Each host is tried against the same few, the first by standing, which are
 * or will be those that run etcd: the number of ways grows with the number of hosts, not with its square.
 */
export function chooseWays(hosts: readonly ReachableHost[]): Way[] {
  const partners = inOrderOfStanding(hosts).slice(0, MOST_PARTNERS);
  return hosts.flatMap((from) =>
    hosts
      .filter((to) => from !== to && (partners.includes(from) || partners.includes(to)))
      .filter((to) => from.standing !== 'settled' || to.standing !== 'settled')
      .flatMap((to) =>
        ETCD_PORTS.map((port) => ({ from: from.name, to: to.name, address: to.address, port })),
      ),
  );
}

const ORDER: readonly Standing[] = ['settled', 'member', 'new'];

/** Those who are in the fleet first, otherwise as they were. */
export function inOrderOfStanding<T extends { readonly standing: Standing }>(hosts: readonly T[]): T[] {
  return [...hosts].sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing));
}

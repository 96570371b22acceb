import { CliError } from '../../errors.js';
import { listed } from '../../output/format-quantities.js';
import { ETCD_PORTS } from '../facts/facts-script.js';
import { inOrderOfStanding, type ReachableHost } from './choose-host-pairs.js';
import type { TriedWay } from './probe-host-pairs.js';

/** Of what was found, in an error. */
const MOST_SHOWN = 3;

/** What the ways between hosts say of them. */
export interface Reachability {
  /** Hosts that must be left out, each with the reason. */
  readonly cutOff: ReadonlyMap<string, CliError>;
  /** Hosts that do not say whether they reach others. */
  readonly unknown: readonly string[];
}

/**
 * Finds hosts that would not be reached by the others, or do not reach them. As few as can be seen easily are left out: those
 * in the fleet stay, then the ones with the fewest closed ways, then the first.
 */
export function findCutOffHosts(hosts: readonly ReachableHost[], ways: readonly TriedWay[]): Reachability {
  const closed = ways.filter(({ state }) => state === 'no-route' || state === 'silent');
  const kept = hostsToKeep(inOrderOfStanding(hosts), closed);
  const cutOff = hosts
    .filter((host) => !kept.includes(host))
    .map(({ name }) => [name, isCutOff(name, kept, closed)] as const);
  const isUnknown = (name: string) => ways.some(({ from, state }) => from === name && state === 'unknown');
  const unknown = hosts.map(({ name }) => name).filter(isUnknown);
  return { cutOff: new Map(cutOff), unknown };
}

/** Those of which each reaches each. */
function hostsToKeep(hosts: readonly ReachableHost[], closed: readonly TriedWay[]): ReachableHost[] {
  const kept = hosts.filter(({ standing }) => standing === 'settled');
  const fits = (host: ReachableHost) => !kept.some((other) => isBetween(closed, host, other));
  for (const standing of ['member', 'new'] as const) {
    const remaining = hosts.filter((host) => host.standing === standing && fits(host));
    kept.push(...withoutTheWorst(remaining, closed));
    // What stood in the way of one may have been left out after it.
    for (const host of hosts) {
      if (host.standing === standing && !kept.includes(host) && fits(host)) kept.push(host);
    }
  }
  return kept;
}

function withoutTheWorst(hosts: readonly ReachableHost[], closed: readonly TriedWay[]): ReachableHost[] {
  const countOf = (host: ReachableHost) => hosts.filter((other) => isBetween(closed, host, other)).length;
  const counts = hosts.map(countOf);
  const most = Math.max(0, ...counts);
  if (most === 0) return [...hosts];
  const worst = counts.lastIndexOf(most);
  return withoutTheWorst(
    hosts.filter((_, index) => index !== worst),
    closed,
  );
}

function isBetween(closed: readonly TriedWay[], one: ReachableHost, other: ReachableHost): boolean {
  return closed.some(
    ({ from, to }) => (from === one.name && to === other.name) || (from === other.name && to === one.name),
  );
}

function isCutOff(name: string, kept: readonly ReachableHost[], closed: readonly TriedWay[]): CliError {
  const names = new Set(kept.map((host) => host.name));
  const between = closed.filter(
    ({ from, to }) => (from === name && names.has(to)) || (to === name && names.has(from)),
  );
  const others = [...new Set(between.map(({ from, to }) => (from === name ? to : from)))];
  const all = describe(between);
  const shown = all.slice(0, MOST_SHOWN);
  const more = all.length - shown.length;
  const seen = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  // An address that none of them reaches is likely to be the wrong one.
  const target = between.some(({ to }) => to === name) ? name : (others[0] ?? name);
  const message = `${name} is cut off from ${listed(others)}: ${seen}. Open TCP ports ${listed(ETCD_PORTS)} between the hosts in both directions, or pass an address that the others reach, with --address ${target}=ADDRESS or as "address" in the fleet file.`;
  return new CliError('failed', message);
}

/** One line for the ports of a host that fared alike. */
function describe(ways: readonly TriedWay[]): string[] {
  const ports = new Map<string, number[]>();
  for (const { from, to, address, port, state } of ways) {
    const what = state === 'silent' ? 'gets no answer from' : 'has no route to';
    const key = `${from} ${what} ${to} at ${address}`;
    ports.set(key, [...(ports.get(key) ?? []), port]);
  }
  return [...ports].map(([what, all]) => `${what}, ${all.length > 1 ? 'ports' : 'port'} ${listed(all)}`);
}

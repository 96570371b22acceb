import type { AgentState } from '../../agent/control/control-protocol.js';

/** What was found on one host. */
export interface HostReport {
  /** As it was named: `root@10.0.0.1`. */
  readonly host: string;
  /** What its agent says; undefined when none was reached. */
  readonly agent: AgentState | undefined;
  /** Why none was. */
  readonly trouble?: { readonly kind: 'out-of-reach' | 'no-agent'; readonly message: string };
}

/**
 * What to do, as far as the reachable hosts tell. Hosts are called as the person named them.
 * - `nothing`: there is a cluster with a quorum.
 * - `finish`: a recovery has begun: the cluster works, and `rejoin` still belong to the old one.
 * - `rebuild`: make a cluster of one from the data of `base`, and have `rejoin` join it.
 * - `impossible`: there is nothing to rebuild from.
 */
export type RecoveryPlan =
  | { readonly kind: 'nothing'; readonly base: string }
  | { readonly kind: 'finish'; readonly base: string; readonly rejoin: readonly string[] }
  | {
      readonly kind: 'rebuild';
      readonly base: string;
      readonly rejoin: readonly string[];
      /** What will be lost, in one sentence. */
      readonly loss: string;
      /** What speaks against it. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'impossible'; readonly reason: string };

interface Found {
  readonly host: string;
  readonly agent: AgentState;
}

/** Decides what to do, without doing it. */
export function planRecovery(reports: readonly HostReport[]): RecoveryPlan {
  const found = reachedOnce(reports);
  const serving = found.find(({ agent }) => ['voter', 'learner'].includes(agent.server.state));
  if (serving !== undefined) return finishOrNothing(serving, found);
  const holders = found.filter(({ agent }) => agent.server.dataFolder);
  const known = holders.filter(({ agent }) => agent.server.raftIndex !== undefined);
  const clusters = new Set(known.map(({ agent }) => agent.server.clusterId));
  if (clusters.size > 1)
    return impossible(`The hosts hold data of different clusters: ${clustersOf(known)}.`);
  const [base] = known.length > 0 ? known.sort(furthestFirst) : holders;
  if (base === undefined) {
    const asked = found.length === 0 ? 'No agent could be reached' : 'No reachable host has data';
    return impossible(`${asked}, so there is nothing to rebuild from.`);
  }
  if (known.length === 0 && holders.length > 1) {
    return impossible(
      `No etcd server is running on ${namesOf(holders)}, so it is unknown which is furthest ahead: start them first, or name only the one to rebuild from.`,
    );
  }
  const rejoin = holders.filter((one) => one !== base).map(({ host }) => host);
  return { kind: 'rebuild', base: base.host, rejoin, ...outlook(base, holders, known) };
}

/** A host that was named in two ways counts once. */
function reachedOnce(reports: readonly HostReport[]): Found[] {
  const found = new Map<string, Found>();
  for (const { host, agent } of reports) {
    const key = `${agent?.hostname} ${agent?.pid}`;
    if (agent !== undefined && !found.has(key)) found.set(key, { host, agent });
  }
  return [...found.values()];
}

/** Of hosts that lost their quorum while they were being recovered: those that the new cluster does not list. */
function finishOrNothing(serving: Found, found: readonly Found[]): RecoveryPlan {
  const { members, clusterId } = serving.agent.server;
  const isStray = ({ state, memberId, dataFolder, clusterId: other }: AgentState['server']) =>
    (state === 'no-quorum' || state === 'stopped') &&
    dataFolder &&
    (other === undefined || other === clusterId) &&
    members !== undefined &&
    memberId !== undefined &&
    !members.some(({ id }) => id === memberId);
  const rejoin = found.filter(({ agent }) => isStray(agent.server)).map(({ host }) => host);
  if (rejoin.length === 0) return { kind: 'nothing', base: serving.host };
  return { kind: 'finish', base: serving.host, rejoin };
}

/**
 * The furthest commit comes first: a rebuild keeps what a host knows to be committed, drops the rest of its log, and what
 * is committed anywhere is the same everywhere. The term only breaks ties: servers without a quorum raise it as they try.
 */
function furthestFirst(a: Found, b: Found): number {
  for (const field of ['raftIndex', 'revision', 'raftTerm'] as const) {
    const difference = BigInt(b.agent.server[field] ?? 0) - BigInt(a.agent.server[field] ?? 0);
    if (difference !== 0n) return difference > 0n ? 1 : -1;
  }
  return a.host < b.host ? -1 : 1;
}

function outlook(
  base: Found,
  holders: readonly Found[],
  known: readonly Found[],
): { loss: string; warnings: string[] } {
  const { members = [], revision } = base.agent.server;
  const inReach = new Set(known.map(({ agent }) => agent.server.memberId));
  const missing = members.filter(({ id }) => !inReach.has(id)).map(({ name }) => name || '(never started)');
  const majority = Math.floor(members.length / 2) + 1;
  const warnings: string[] = [];
  if (missing.length >= majority) {
    warnings.push(
      `${missing.length} of ${members.length} members (${missing.join(', ')}) cannot be reached. If they are still running, rebuilding creates a second, conflicting cluster. Continue only if they are permanently lost.`,
    );
  } else if (members.length > 0 && known.length >= majority) {
    warnings.push(
      `${known.length} of ${members.length} members are up with their data: they form a cluster again as soon as they can reach each other's server URLs. Continue only if they never will.`,
    );
  }
  const unknown = holders.filter((one) => one !== base && !known.includes(one));
  if (unknown.length > 0) warnings.push(`It is not known how recent the data of ${namesOf(unknown)} is.`);
  const upTo = revision === undefined ? 'what its data holds' : `everything up to revision ${revision}`;
  const others = missing.length === 0 ? '' : `, by ${missing.join(', ')}`;
  return {
    loss: `${nameOf(base)} has ${upTo}. At worst, writes acknowledged after that are lost${others}.`,
    warnings,
  };
}

function impossible(reason: string): RecoveryPlan {
  return { kind: 'impossible', reason };
}

function clustersOf(known: readonly Found[]): string {
  return known
    .map((one) => `${nameOf(one)} of ${BigInt(one.agent.server.clusterId ?? 0).toString(16)}`)
    .join(', ');
}

function namesOf(found: readonly Found[]): string {
  return found.map(nameOf).join(', ');
}

function nameOf({ agent }: Found): string {
  return agent.hostname;
}

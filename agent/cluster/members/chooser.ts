import type { Member } from '../../../world/without-ssh.js';

/** A host that is willing to run a server. */
export interface Volunteer {
  readonly hostname: string;
  /** Where its server listens for the other servers. */
  readonly peerUrls: readonly string[];
  /** Grows with the time at which the host last came up: the create revision of its volunteer key. */
  readonly upSince: bigint;
  /** The value of its label `zone`. */
  readonly zone: string | undefined;
  /** It did not start when it was nominated last, and is left alone for a while. */
  readonly isBackingOff: boolean;
}

/**
 * What a host that runs a server is up to: `willing`; `leaving` (its agent lives, but does not volunteer any more);
 * `away` (its agent was not heard of, for a short while); `gone` (for longer); `foreign` (no agent of ours was ever
 * there: somebody else looks after that member).
 */
export type HostStatus = 'willing' | 'leaving' | 'away' | 'gone' | 'foreign';

/** A member of the etcd cluster and what is known of its host. */
export interface MemberView {
  readonly member: Member;
  /** Undefined where nobody that was ever nominated fits the member. */
  readonly hostname: string | undefined;
  readonly zone: string | undefined;
  readonly upSince: bigint;
  readonly status: HostStatus;
  /** Only for a learner: it had its time to start and to catch up. */
  readonly isLate: boolean;
}

/** All that the choice depends on. */
export interface ClusterState {
  /** How many servers the fleet is to have; 0 drains it. */
  readonly size: number;
  readonly volunteers: readonly Volunteer[];
  readonly members: readonly MemberView[];
  /** The hosts that `/nominated/` names. */
  readonly nominated: ReadonlySet<string>;
}

/** The one thing to do next. */
export type Change =
  | { readonly kind: 'add'; readonly volunteer: Volunteer }
  | { readonly kind: 'promote'; readonly view: MemberView }
  | { readonly kind: 'remove'; readonly view: MemberView; readonly why: RemovalReason }
  | { readonly kind: 'nominate'; readonly view: MemberView }
  | { readonly kind: 'unnominate'; readonly hostname: string }
  /** Size 0: the last voter is to stop, and keeps its data. */
  | { readonly kind: 'drain'; readonly view: MemberView };

export type RemovalReason = 'too many' | 'gone' | 'leaving' | 'late' | 'unwanted';

/**
 * Decides what to change in the cluster next, or nothing. Voters that live stay where they are; the number of voters
 * is odd wherever enough hosts are there, since an even one costs a vote more for each decision and bears no loss more.
 */
export function nextChange(state: ClusterState): Change | undefined {
  const learner = state.members.find(({ member }) => member.isLearner);
  return (
    (learner && failedLearner(state, learner)) ??
    departure(state) ??
    (learner ? learnerStep(state, learner) : voterChange(state)) ??
    nominationChange(state)
  );
}

/** How many voters there should be, and how many of them may be hosts that are gone. */
export function voterGoal({ size, volunteers, members }: ClusterState): { voters: number; fillers: number } {
  const voters = members.filter(isVoter);
  const reliable = voters.filter(isReliable);
  const available = reliable.length + candidates({ volunteers, members }).length;
  const gone = voters.filter(({ status }) => status === 'gone').length;
  // One that is gone may fill a seat to make the number odd: without it the others could bear no loss more. Not where
  // somebody can be added, which takes voters that are all well.
  const filler = available === reliable.length ? Math.min(gone, 1) : 0;
  const wanted = Math.max(1, oddFloor(Math.min(size, available + filler)));
  return { voters: wanted, fillers: Math.max(0, Math.min(gone, wanted - available)) };
}

/** A learner that is not to become a voter; it never had a vote, so nothing is lost with it. */
function failedLearner(state: ClusterState, view: MemberView): Change | undefined {
  if (view.isLate) return { kind: 'remove', view, why: 'late' };
  if (view.status === 'leaving' || view.status === 'gone') return { kind: 'remove', view, why: view.status };
  if (view.hostname === undefined || view.status !== 'willing') return undefined;
  // Its own seat is a learner's, so it counts among those that could be added.
  const others = state.members.filter((other) => other !== view);
  const { voters } = voterGoal({ ...state, members: others });
  return others.filter(isReliable).length >= voters ? { kind: 'remove', view, why: 'unwanted' } : undefined;
}

function learnerStep({ nominated }: ClusterState, view: MemberView): Change | undefined {
  if (view.status === 'willing' && !nominated.has(view.hostname ?? '')) return { kind: 'nominate', view };
  return view.member.name === '' ? undefined : { kind: 'promote', view };
}

/** A voter that goes, or is gone, while others stay; it waits for no learner, which may take long to start. */
function departure(state: ClusterState): Change | undefined {
  const voters = state.members.filter(isVoter);
  const gone = voters.filter(({ status }) => status === 'gone');
  const [surplus] = gone.slice(voterGoal(state).fillers);
  if (surplus !== undefined && voters.length > 1) return { kind: 'remove', view: surplus, why: 'gone' };
  const leaving = voters.find(({ status }) => status === 'leaving');
  const isLast = !voters.some(isReliable);
  return leaving === undefined || isLast ? undefined : { kind: 'remove', view: leaving, why: 'leaving' };
}

function voterChange(state: ClusterState): Change | undefined {
  const voters = state.members.filter(isVoter);
  const reliable = voters.filter(isReliable);
  const goal = voterGoal(state);
  const ours = reliable.filter(({ status }) => status !== 'foreign');
  if (reliable.length > goal.voters && ours.length > 0) {
    const view = ours.reduce((worst, next) => (isLessWanted(next, worst, reliable) ? next : worst));
    return { kind: 'remove', view, why: 'too many' };
  }
  if (reliable.length + goal.fillers < goal.voters) {
    const [volunteer] = candidates(state).sort((a, b) => byPlacement(a, b, reliable));
    if (volunteer !== undefined) return { kind: 'add', volunteer };
  }
  const [last] = reliable;
  const mayStop = last?.status === 'willing' && state.nominated.has(last.hostname ?? '');
  return state.size === 0 && voters.length === 1 && mayStop ? { kind: 'drain', view: last } : undefined;
}

/** Keeps `/nominated/` the list of those that have a seat. */
function nominationChange({ members, nominated, size }: ClusterState): Change | undefined {
  const unnamed = members.find((view) => view.status === 'willing' && !nominated.has(view.hostname ?? ''));
  if (unnamed?.hostname !== undefined && size > 0) return { kind: 'nominate', view: unnamed };
  const reliable = new Set(members.map(({ hostname }) => hostname));
  const stale = [...nominated].find((hostname) => !reliable.has(hostname));
  return stale === undefined ? undefined : { kind: 'unnominate', hostname: stale };
}

/** Those that could run a server and have no seat. */
function candidates({ volunteers, members }: Pick<ClusterState, 'volunteers' | 'members'>): Volunteer[] {
  const reliable = new Set(members.map(({ hostname }) => hostname));
  return volunteers.filter(({ hostname, isBackingOff }) => !isBackingOff && !reliable.has(hostname));
}

function isVoter({ member }: MemberView): boolean {
  return !member.isLearner;
}

/** A voter to count on. */
function isReliable(view: MemberView): boolean {
  return isVoter(view) && view.status !== 'leaving' && view.status !== 'gone';
}

/** The zone with the fewest voters first, then whoever is up longest. */
function byPlacement(a: Volunteer, b: Volunteer, reliable: readonly MemberView[]): number {
  const crowd = inZone(reliable, a.zone) - inZone(reliable, b.zone);
  if (crowd !== 0) return crowd;
  return a.upSince < b.upSince ? -1 : 1;
}

/** The zone with the most voters first, then whoever is away, then whoever came up last. */
function isLessWanted(a: MemberView, b: MemberView, reliable: readonly MemberView[]): boolean {
  const crowd = inZone(reliable, a.zone) - inZone(reliable, b.zone);
  if (crowd !== 0) return crowd > 0;
  if (a.status !== b.status) return a.status === 'away';
  return a.upSince > b.upSince;
}

/** Hosts without a zone crowd nobody. */
function inZone(reliable: readonly MemberView[], zone: string | undefined): number {
  return zone === undefined ? 0 : reliable.filter((view) => view.zone === zone).length;
}

function oddFloor(count: number): number {
  return count % 2 === 0 ? count - 1 : count;
}

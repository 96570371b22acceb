import type { Member } from '../../../world/internal.js';

/** A host that is willing to run a server. */
export interface Volunteer {
  readonly hostname: string;
  /** The URLs where its server listens for other servers. */
  readonly peerUrls: readonly string[];
  /** Increases with the time at which the host last came up: the create revision of its volunteer key. */
  readonly upSince: bigint;
  /** The value of its label `zone`. */
  readonly zone: string | undefined;
  /** It did not start when last nominated, and is not nominated again for a while. */
  readonly isBackingOff: boolean;
}

/**
 * The status of a host that runs a server: `willing`; `leaving` (its agent runs, but no longer volunteers); `away`
 * (its agent has not been seen for a short while); `gone` (for longer); `foreign` (no hawser agent was ever there:
 * the member is managed by another program).
 */
export type HostStatus = 'willing' | 'leaving' | 'away' | 'gone' | 'foreign';

/** A member of the etcd cluster and what is known about its host. */
export interface MemberView {
  readonly member: Member;
  /** Undefined if the member has not started, and no host volunteers or is nominated with its URLs. */
  readonly hostname: string | undefined;
  readonly zone: string | undefined;
  readonly upSince: bigint;
  readonly status: HostStatus;
  /** Only for a learner: it has exceeded its time to start or to catch up. */
  readonly isLate: boolean;
}

/** Everything that the choice depends on. */
export interface ClusterState {
  /** How many servers the fleet should have; 0 drains it. */
  readonly size: number;
  readonly volunteers: readonly Volunteer[];
  readonly members: readonly MemberView[];
  /** The hosts listed in `/nominated/`. */
  readonly nominated: ReadonlySet<string>;
}

/** The next change. */
export type Change =
  | { readonly kind: 'add'; readonly volunteer: Volunteer }
  | { readonly kind: 'promote'; readonly view: MemberView }
  | { readonly kind: 'remove'; readonly view: MemberView; readonly why: RemovalReason }
  | { readonly kind: 'nominate'; readonly view: MemberView }
  | { readonly kind: 'unnominate'; readonly hostname: string }
  /** Size 0: the last voter should stop and keep its data. */
  | { readonly kind: 'drain'; readonly view: MemberView };

export type RemovalReason = 'too many' | 'gone' | 'leaving' | 'late' | 'unwanted';

/**
 * Decides the next change of the cluster, if any. Voters that run stay members. The number of voters is odd if there
 * are enough hosts: an even number needs one more vote per decision and tolerates no more failures.
 */
export function chooseMemberChange(state: ClusterState): Change | undefined {
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
  // A gone voter may stay to keep the number odd: without it, the others could tolerate no more failures. Not if a
  // host can be added, which requires all voters to be healthy.
  const filler = available === reliable.length ? Math.min(gone, 1) : 0;
  const wanted = Math.max(1, oddFloor(Math.min(size, available + filler)));
  return { voters: wanted, fillers: Math.max(0, Math.min(gone, wanted - available)) };
}

/** A learner that should not become a voter. It never had a vote, so nothing is lost with it. */
function failedLearner(state: ClusterState, view: MemberView): Change | undefined {
  if (view.isLate) return { kind: 'remove', view, why: 'late' };
  if (view.status === 'leaving' || view.status === 'gone') return { kind: 'remove', view, why: view.status };
  if (view.hostname === undefined || view.status !== 'willing') return undefined;
  // It is a learner itself, so it counts among those that could be added.
  const others = state.members.filter((other) => other !== view);
  const { voters } = voterGoal({ ...state, members: others });
  return others.filter(isReliable).length >= voters ? { kind: 'remove', view, why: 'unwanted' } : undefined;
}

function learnerStep({ nominated }: ClusterState, view: MemberView): Change | undefined {
  if (view.status === 'willing' && !nominated.has(view.hostname ?? '')) return { kind: 'nominate', view };
  return view.member.name === '' ? undefined : { kind: 'promote', view };
}

/**
 * A voter that is leaving or gone while others stay. This does not wait for a learner, which may take long to start.
 */
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
  const managed = reliable.filter(({ status }) => status !== 'foreign');
  if (reliable.length > goal.voters && managed.length > 0) {
    const view = managed.reduce((worst, next) => (isLessWanted(next, worst, reliable) ? next : worst));
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

/** Keeps `/nominated/` in line with the members. */
function nominationChange({ members, nominated, size }: ClusterState): Change | undefined {
  const unnamed = members.find((view) => view.status === 'willing' && !nominated.has(view.hostname ?? ''));
  if (unnamed?.hostname !== undefined && size > 0) return { kind: 'nominate', view: unnamed };
  const reliable = new Set(members.map(({ hostname }) => hostname));
  const stale = [...nominated].find((hostname) => !reliable.has(hostname));
  return stale === undefined ? undefined : { kind: 'unnominate', hostname: stale };
}

/** Hosts that could run a server but are not members. */
function candidates({ volunteers, members }: Pick<ClusterState, 'volunteers' | 'members'>): Volunteer[] {
  const reliable = new Set(members.map(({ hostname }) => hostname));
  return volunteers.filter(({ hostname, isBackingOff }) => !isBackingOff && !reliable.has(hostname));
}

function isVoter({ member }: MemberView): boolean {
  return !member.isLearner;
}

/** A voter that is expected to stay. */
function isReliable(view: MemberView): boolean {
  return isVoter(view) && view.status !== 'leaving' && view.status !== 'gone';
}

/** The zone with the fewest voters first, then the host that has been up longest. */
function byPlacement(a: Volunteer, b: Volunteer, reliable: readonly MemberView[]): number {
  const crowd = inZone(reliable, a.zone) - inZone(reliable, b.zone);
  if (crowd !== 0) return crowd;
  return a.upSince < b.upSince ? -1 : 1;
}

/** The zone with the most voters first, then hosts that are away, then the host that came up last. */
function isLessWanted(a: MemberView, b: MemberView, reliable: readonly MemberView[]): boolean {
  const crowd = inZone(reliable, a.zone) - inZone(reliable, b.zone);
  if (crowd !== 0) return crowd > 0;
  if (a.status !== b.status) return a.status === 'away';
  return a.upSince > b.upSince;
}

/** Hosts without a zone do not count. */
function inZone(reliable: readonly MemberView[], zone: string | undefined): number {
  return zone === undefined ? 0 : reliable.filter((view) => view.zone === zone).length;
}

function oddFloor(count: number): number {
  return count % 2 === 0 ? count - 1 : count;
}

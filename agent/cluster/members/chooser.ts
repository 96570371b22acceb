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
  readonly resting: boolean;
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
  readonly standing: HostStatus;
  /** Only for a learner: it had its time to start and to catch up. */
  readonly late: boolean;
}

/** All that the choice depends on. */
export interface ClusterState {
  /** How many servers the fleet is to have; 0 drains it. */
  readonly size: number;
  readonly volunteers: readonly Volunteer[];
  readonly seats: readonly MemberView[];
  /** The hosts that `/nominated/` names. */
  readonly nominated: ReadonlySet<string>;
}

/** The one thing to do next. */
export type Change =
  | { readonly kind: 'add'; readonly volunteer: Volunteer }
  | { readonly kind: 'promote'; readonly seat: MemberView }
  | { readonly kind: 'remove'; readonly seat: MemberView; readonly why: RemovalReason }
  | { readonly kind: 'nominate'; readonly seat: MemberView }
  | { readonly kind: 'unnominate'; readonly hostname: string }
  /** Size 0: the last voter is to stop, and keeps its data. */
  | { readonly kind: 'drain'; readonly seat: MemberView };

export type RemovalReason = 'too many' | 'gone' | 'leaving' | 'late' | 'unwanted';

/**
 * Decides what to change in the cluster next, or nothing. Voters that live stay where they are; the number of voters
 * is odd wherever enough hosts are there, since an even one costs a vote more for each decision and bears no loss more.
 */
export function nextChange(scene: ClusterState): Change | undefined {
  const learner = scene.seats.find(({ member }) => member.isLearner);
  return (
    (learner && failedLearner(scene, learner)) ??
    departure(scene) ??
    (learner ? learnerStep(scene, learner) : voterChange(scene)) ??
    nominationChange(scene)
  );
}

/** How many voters there should be, and how many of them may be hosts that are gone. */
export function target({ size, volunteers, seats }: ClusterState): { voters: number; fillers: number } {
  const voters = seats.filter(isVoter);
  const seated = voters.filter(isSeated);
  const available = seated.length + spares({ volunteers, seats }).length;
  const gone = voters.filter(({ standing }) => standing === 'gone').length;
  // One that is gone may fill a seat to make the number odd: without it the others could bear no loss more. Not where
  // somebody can be added, which takes voters that are all well.
  const filler = available === seated.length ? Math.min(gone, 1) : 0;
  const wanted = Math.max(1, oddFloor(Math.min(size, available + filler)));
  return { voters: wanted, fillers: Math.max(0, Math.min(gone, wanted - available)) };
}

/** A learner that is not to become a voter; it never had a vote, so nothing is lost with it. */
function failedLearner(scene: ClusterState, seat: MemberView): Change | undefined {
  if (seat.late) return { kind: 'remove', seat, why: 'late' };
  if (seat.standing === 'leaving' || seat.standing === 'gone')
    return { kind: 'remove', seat, why: seat.standing };
  if (seat.hostname === undefined || seat.standing !== 'willing') return undefined;
  // Its own seat is a learner's, so it counts among those that could be added.
  const others = scene.seats.filter((other) => other !== seat);
  const { voters } = target({ ...scene, seats: others });
  return others.filter(isSeated).length >= voters ? { kind: 'remove', seat, why: 'unwanted' } : undefined;
}

function learnerStep({ nominated }: ClusterState, seat: MemberView): Change | undefined {
  if (seat.standing === 'willing' && !nominated.has(seat.hostname ?? '')) return { kind: 'nominate', seat };
  return seat.member.name === '' ? undefined : { kind: 'promote', seat };
}

/** A voter that goes, or is gone, while others stay; it waits for no learner, which may take long to start. */
function departure(scene: ClusterState): Change | undefined {
  const voters = scene.seats.filter(isVoter);
  const gone = voters.filter(({ standing }) => standing === 'gone');
  const [surplusGone] = gone.slice(target(scene).fillers);
  if (surplusGone !== undefined && voters.length > 1)
    return { kind: 'remove', seat: surplusGone, why: 'gone' };
  const leaving = voters.find(({ standing }) => standing === 'leaving');
  const isLast = !voters.some(isSeated);
  return leaving === undefined || isLast ? undefined : { kind: 'remove', seat: leaving, why: 'leaving' };
}

function voterChange(scene: ClusterState): Change | undefined {
  const voters = scene.seats.filter(isVoter);
  const seated = voters.filter(isSeated);
  const goal = target(scene);
  const ours = seated.filter(({ standing }) => standing !== 'foreign');
  if (seated.length > goal.voters && ours.length > 0) {
    const seat = ours.reduce((worst, next) => (isLessWanted(next, worst, seated) ? next : worst));
    return { kind: 'remove', seat, why: 'too many' };
  }
  if (seated.length + goal.fillers < goal.voters) {
    const [volunteer] = spares(scene).sort((a, b) => byPlacement(a, b, seated));
    if (volunteer !== undefined) return { kind: 'add', volunteer };
  }
  const [last] = seated;
  const mayStop = last?.standing === 'willing' && scene.nominated.has(last.hostname ?? '');
  return scene.size === 0 && voters.length === 1 && mayStop ? { kind: 'drain', seat: last } : undefined;
}

/** Keeps `/nominated/` the list of those that have a seat. */
function nominationChange({ seats, nominated, size }: ClusterState): Change | undefined {
  const unnamed = seats.find((seat) => seat.standing === 'willing' && !nominated.has(seat.hostname ?? ''));
  if (unnamed?.hostname !== undefined && size > 0) return { kind: 'nominate', seat: unnamed };
  const seated = new Set(seats.map(({ hostname }) => hostname));
  const stale = [...nominated].find((hostname) => !seated.has(hostname));
  return stale === undefined ? undefined : { kind: 'unnominate', hostname: stale };
}

/** Those that could run a server and have no seat. */
function spares({ volunteers, seats }: Pick<ClusterState, 'volunteers' | 'seats'>): Volunteer[] {
  const seated = new Set(seats.map(({ hostname }) => hostname));
  return volunteers.filter(({ hostname, resting }) => !resting && !seated.has(hostname));
}

function isVoter({ member }: MemberView): boolean {
  return !member.isLearner;
}

/** A voter to count on. */
function isSeated(seat: MemberView): boolean {
  return isVoter(seat) && seat.standing !== 'leaving' && seat.standing !== 'gone';
}

/** The zone with the fewest voters first, then whoever is up longest. */
function byPlacement(a: Volunteer, b: Volunteer, seated: readonly MemberView[]): number {
  const crowd = inZone(seated, a.zone) - inZone(seated, b.zone);
  if (crowd !== 0) return crowd;
  return a.upSince < b.upSince ? -1 : 1;
}

/** The zone with the most voters first, then whoever is away, then whoever came up last. */
function isLessWanted(a: MemberView, b: MemberView, seated: readonly MemberView[]): boolean {
  const crowd = inZone(seated, a.zone) - inZone(seated, b.zone);
  if (crowd !== 0) return crowd > 0;
  if (a.standing !== b.standing) return a.standing === 'away';
  return a.upSince > b.upSince;
}

/** Hosts without a zone crowd nobody. */
function inZone(seated: readonly MemberView[], zone: string | undefined): number {
  return zone === undefined ? 0 : seated.filter((seat) => seat.zone === zone).length;
}

function oddFloor(count: number): number {
  return count % 2 === 0 ? count - 1 : count;
}

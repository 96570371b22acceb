import type { Agent, KeyValue, Member } from '../../../world/internal.js';
import type { ClusterState, HostStatus, MemberView, Volunteer } from './choose-member-change.js';

/** How long a host whose keys are gone may still come back as the same member, beyond the TTL that removed the keys. */
export const GRACE_MS = 5000;

/** How long a nominated host may take to start its server. */
export const START_LIMIT_MS = 20_000;

/** How long a server that has started may take to catch up with the others. */
export const CATCH_UP_LIMIT_MS = 300_000;

/** The contents of etcd at one moment. */
export interface Observation {
  readonly size: number;
  readonly agents: ReadonlyMap<string, Agent>;
  /** Keyed by hostname, without the prefix. */
  readonly volunteers: readonly KeyValue[];
  /** The peer URLs for which each host was nominated. */
  readonly nominated: ReadonlyMap<string, readonly string[]>;
  readonly backingOff: ReadonlySet<string>;
  readonly members: readonly Member[];
}

/**
 * Turns observations into cluster states. It remembers, by its own clock, since when a host has been away and a
 * learner pending, so nothing depends on the clocks of other hosts.
 */
export class MemberAssessor {
  readonly #awaySince = new Map<string, number>();
  readonly #learnerSince = new Map<string, number>();

  /**
   * @param now milliseconds of a monotonic clock.
   * @returns the state, and in how many milliseconds it changes by itself.
   */
  observe(observation: Observation, now: number): { state: ClusterState; changesInMs: number | undefined } {
    const volunteers = observation.volunteers.map((entry) => toVolunteer(entry, observation));
    const limits: number[] = [];
    const members = observation.members.map((member): MemberView => {
      const hostname = hostOf(member, volunteers, observation.nominated);
      const volunteer = volunteers.find((one) => one.hostname === hostname);
      const status = this.#status(hostname, observation, now, limits);
      return {
        member,
        hostname,
        status,
        zone: observation.agents.get(hostname ?? '')?.labels?.['zone'],
        upSince: volunteer?.upSince ?? 0n,
        isLate: this.#isLate(member, now, limits),
      };
    });
    this.#forget(observation.members);
    const { size } = observation;
    const nominated = new Set(observation.nominated.keys());
    const next = limits.filter((at) => at > now);
    return {
      state: { size, volunteers, members, nominated },
      changesInMs: next.length === 0 ? undefined : Math.min(...next) - now,
    };
  }

  #status(hostname: string | undefined, observation: Observation, now: number, limits: number[]): HostStatus {
    if (hostname === undefined) return 'foreign';
    if (observation.volunteers.some(({ key }) => key === hostname)) {
      this.#awaySince.delete(hostname);
      return 'willing';
    }
    if (observation.agents.has(hostname)) return observation.nominated.has(hostname) ? 'leaving' : 'foreign';
    if (!observation.nominated.has(hostname)) return 'foreign';
    const since = this.#awaySince.get(hostname) ?? now;
    this.#awaySince.set(hostname, since);
    limits.push(since + GRACE_MS);
    return now - since >= GRACE_MS ? 'gone' : 'away';
  }

  #isLate(member: Member, now: number, limits: number[]): boolean {
    if (!member.isLearner) return false;
    const id = `${member.id} ${member.name}`;
    const since = this.#learnerSince.get(id) ?? now;
    this.#learnerSince.set(id, since);
    const limitMs = member.name === '' ? START_LIMIT_MS : CATCH_UP_LIMIT_MS;
    limits.push(since + limitMs);
    return now - since >= limitMs;
  }

  #forget(members: readonly Member[]): void {
    const present = new Set(members.map((member) => `${member.id} ${member.name}`));
    for (const id of this.#learnerSince.keys()) if (!present.has(id)) this.#learnerSince.delete(id);
  }
}

function toVolunteer({ key, value, createRevision }: KeyValue, observation: Observation): Volunteer {
  return {
    hostname: key,
    peerUrls: value.toString().split(','),
    upSince: createRevision,
    zone: observation.agents.get(key)?.labels?.['zone'],
    isBackingOff: observation.backingOff.has(key),
  };
}

/**
 * A member has a name once it has started; before that, its URLs identify its host, also if it volunteers no longer:
 * else it would start as a voter that nobody takes for its own, and stay for good.
 */
function hostOf(
  member: Member,
  volunteers: readonly Volunteer[],
  nominated: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  if (member.name !== '') return member.name;
  const isIts = (url: string) => member.peerUrls.includes(url);
  const volunteer = volunteers.find(({ peerUrls }) => peerUrls.some(isIts));
  return volunteer?.hostname ?? [...nominated].find(([, peerUrls]) => peerUrls.some(isIts))?.[0];
}

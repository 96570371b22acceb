import type { WatchEvent } from '../../world/client/watch/watch-item.js';
import type { Problem } from '../status/fleet-status.js';
import { compareMembers } from './compare-members.js';
import { compareProblems } from './compare-problems.js';
import { describeChange } from './describe-change.js';
import type { Happened, Happening } from './fleet-event.js';
import type { KeptFleet, SeenCluster } from './kept-fleet.js';

/** Nothing of the cluster is known: how it was at a revision of the past nobody can say. */
const NO_CLUSTER: SeenCluster = {
  members: [],
  cluster: { leader: '', dbSizeBytes: 0, dbSizeInUseBytes: 0, alarms: [] },
  volunteers: [],
};

/** Where to begin. */
export interface Beginning {
  /** As of `revision`. */
  readonly fleet: KeptFleet;
  readonly revision: bigint;
  /** The cluster then; undefined for a revision of the past. */
  readonly seen?: SeenCluster | undefined;
  /** Until this revision the fleet is that of the past, which the cluster as it is now does not fit. */
  readonly pastUpTo?: bigint | undefined;
}

/** Turns what is seen of a fleet into what happened there. */
export class EventFold {
  readonly #pastUpTo: bigint;
  #fleet: KeptFleet;
  #revision: bigint;
  #seen: SeenCluster;
  /** The cluster as it is, while the fleet is still that of the past. */
  #later: SeenCluster | undefined;
  #problems: readonly Problem[];
  #isSilent = false;

  constructor({ fleet, revision, seen = NO_CLUSTER, pastUpTo = 0n }: Beginning) {
    this.#fleet = fleet;
    this.#revision = revision;
    this.#seen = seen;
    this.#pastUpTo = pastUpTo;
    this.#problems = fleet.problems(seen);
  }

  /** The revision up to which everything was told. */
  get revision(): bigint {
    return this.#revision;
  }

  labelsOf(host: string): Readonly<Record<string, string>> {
    return this.#fleet.labelsOf(host);
  }

  /** What was written, in order; what was told already is left out. */
  write(events: readonly WatchEvent[]): Happened[] {
    const told = byRevision(events).flatMap(([revision, written]) => this.#writeOne(revision, written));
    const { entry } = events.at(-1) ?? {};
    if (entry !== undefined && entry.modRevision > this.#revision) this.#revision = entry.modRevision;
    return [...told, ...this.#seeLater()];
  }

  /** The cluster as it is now: its first answer, one after a silence, or a change. */
  see(seen: SeenCluster): Happened[] {
    const wasSilent = this.#isSilent;
    this.#isSilent = false;
    this.#later = seen;
    const message = 'etcd answers again.';
    return [...(wasSilent ? this.#told([{ type: 'connected', message }]) : []), ...this.#seeLater()];
  }

  /** etcd does not answer. */
  miss(): Happened[] {
    if (this.#isSilent) return [];
    this.#isSilent = true;
    const message = 'etcd does not answer: what happens meanwhile follows when it does.';
    return this.#told([{ type: 'disconnected', message }]);
  }

  /** Changes were missed: tells what differs in the fleet as it is at a revision. */
  startOver(fleet: KeptFleet, revision: bigint): Happened[] {
    const [before, after] = [this.#fleet.values, fleet.values];
    const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
    const changes = keys.flatMap((key) => {
      const change = { key, before: before.get(key), after: after.get(key) };
      return change.before !== undefined && change.after?.equals(change.before) ? [] : [change];
    });
    const message = `etcd has forgotten changes that followed revision ${this.#revision}: what differs now is told next.`;
    fleet.keepLabelsOf(this.#fleet);
    this.#fleet = fleet;
    this.#revision = revision;
    return [
      ...this.#told([{ type: 'gap', message }, ...changes.flatMap(describeChange), ...this.#judge()]),
      ...this.#seeLater(),
    ];
  }

  #writeOne(revision: bigint, written: readonly WatchEvent[]): Happened[] {
    if (revision <= this.#revision) return [];
    const changes = written.flatMap(({ type, entry: { key, value } }) => {
      return this.#fleet.apply({ key, value: type === 'put' ? value : undefined }) ?? [];
    });
    this.#revision = revision;
    if (changes.length === 0) return [];
    return this.#told([...changes.flatMap(describeChange), ...this.#judge()]);
  }

  #seeLater(): Happened[] {
    const seen = this.#later;
    if (seen === undefined || this.#revision < this.#pastUpTo) return [];
    const members = this.#seen === NO_CLUSTER ? [] : compareMembers(this.#seen.members, seen.members);
    this.#later = undefined;
    this.#seen = seen;
    return this.#told([...members, ...this.#judge()]);
  }

  #judge(): Happening[] {
    const before = this.#problems;
    this.#problems = this.#fleet.problems(this.#seen);
    return compareProblems(before, this.#problems);
  }

  #told(happenings: readonly Happening[]): Happened[] {
    return happenings.length === 0 ? [] : [{ revision: this.#revision, happenings }];
  }
}

function byRevision(events: readonly WatchEvent[]): [revision: bigint, written: WatchEvent[]][] {
  const revisions = new Map<bigint, WatchEvent[]>();
  for (const event of events) {
    const { modRevision } = event.entry;
    const before = revisions.get(modRevision);
    if (before === undefined) revisions.set(modRevision, [event]);
    else before.push(event);
  }
  return [...revisions];
}

import type { Log } from '../../base/log.js';
import type { KeyValue } from '../client/key-value.js';
import type { WatchEvent } from '../client/watch/watch-item.js';
import { parseOptions } from './schedule-options.js';
import { parseHosts, parseSchedulerKey } from './scheduler-keys.js';
import { byName, type Candidate } from './strategy.js';

/** A candidate and when it last changed its options. */
export interface RankedCandidate extends Candidate {
  readonly writtenAt: bigint;
}

/** One schedule: who may be chosen, and who was. */
export interface Schedule {
  readonly namespace: string;
  /** By hostname. */
  readonly candidates: ReadonlyMap<string, RankedCandidate>;
  readonly decided: readonly string[];
  /** The decision as it is stored; undefined for none. */
  readonly stored: string | undefined;
}

interface OpenSchedule extends Schedule {
  readonly candidates: Map<string, RankedCandidate>;
  decided: readonly string[];
  stored: string | undefined;
  /** The revision of this host's last write: older news from the watch is ignored. */
  storedAt: bigint;
}

/** All schedules, kept up to date from a listing and the events after it. Bad keys are skipped and named once. */
export class WatchedSchedules {
  readonly #log: Log | undefined;
  readonly #schedules = new Map<string, OpenSchedule>();
  readonly #changed = new Set<OpenSchedule>();

  constructor(log: Log | undefined) {
    this.#log = log;
  }

  /** Sorted by namespace. */
  get all(): readonly Schedule[] {
    return [...this.#schedules.values()].sort((a, b) => byName(a.namespace, b.namespace));
  }

  get(namespace: string): Schedule | undefined {
    return this.#schedules.get(namespace);
  }

  /** Starts over from everything under the prefix of the scheduler. */
  reset(entries: readonly KeyValue[]): void {
    this.#schedules.clear();
    this.#changed.clear();
    for (const entry of entries) this.#put(entry);
  }

  apply(events: readonly WatchEvent[]): void {
    for (const { type, entry } of events) {
      if (type === 'put') this.#put(entry);
      else this.#delete(entry);
    }
  }

  /** The schedules that changed since the last call. */
  takeChanged(): readonly Schedule[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const { namespace, candidates, stored } of changed)
      if (candidates.size === 0 && stored === undefined) this.#schedules.delete(namespace);
    return changed;
  }

  /** Notes a decision that was stored at `revision`, ahead of the watch. */
  store(namespace: string, stored: string | undefined, revision: bigint): void {
    const schedule = this.#open(namespace);
    schedule.stored = stored;
    schedule.decided = parseHosts(stored ?? '');
    schedule.storedAt = revision;
  }

  #put(entry: KeyValue): void {
    const key = parseSchedulerKey(entry.key);
    if (key.kind === 'foreign') this.#log?.('warn', `Skipping ${entry.key}: it is not a schedule key.`);
    if (key.kind === 'decision')
      this.#applyDecision(key.namespace, entry.value.toString(), entry.modRevision);
    if (key.kind !== 'candidate') return;
    const schedule = this.#markChanged(key.namespace);
    try {
      const options = parseOptions(entry.value.toString());
      const { createRevision: since, modRevision: writtenAt } = entry;
      schedule.candidates.set(key.hostname, { hostname: key.hostname, since, options, writtenAt });
    } catch (error) {
      schedule.candidates.delete(key.hostname);
      const reason = error instanceof Error ? error.message : String(error);
      this.#log?.('warn', `Skipping ${entry.key}: ${reason}.`);
    }
  }

  #delete(entry: KeyValue): void {
    const key = parseSchedulerKey(entry.key);
    if (key.kind === 'decision') this.#applyDecision(key.namespace, undefined, entry.modRevision);
    if (key.kind === 'candidate') this.#markChanged(key.namespace).candidates.delete(key.hostname);
  }

  #applyDecision(namespace: string, stored: string | undefined, revision: bigint): void {
    if (revision <= (this.#schedules.get(namespace)?.storedAt ?? -1n)) return;
    const schedule = this.#markChanged(namespace);
    schedule.stored = stored;
    schedule.decided = parseHosts(stored ?? '');
  }

  #markChanged(namespace: string): OpenSchedule {
    const schedule = this.#open(namespace);
    this.#changed.add(schedule);
    return schedule;
  }

  #open(namespace: string): OpenSchedule {
    const known = this.#schedules.get(namespace);
    if (known !== undefined) return known;
    const schedule = { namespace, candidates: new Map(), decided: [], stored: undefined, storedAt: 0n };
    this.#schedules.set(namespace, schedule);
    return schedule;
  }
}

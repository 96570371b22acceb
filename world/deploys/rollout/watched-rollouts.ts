import type { Log } from '../../../base/log.js';
import type { KeyValue } from '../../client/key-value.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import type { WatchEvent } from '../../client/watch/watch-item.js';
import { AGENTS_PREFIX, REPORTS_PREFIX } from '../../keys.js';
import { newestIn } from '../newest-deploy-per-app.js';
import { reportSchema } from '../reports.js';
import type { UndecidedDeploy } from './find-open-deploys.js';
import type { SeenReport } from './judge-hosts.js';
import { idOfRollout, type RolloutRecord, rolloutSchema } from './rollout-record.js';
import type { RolloutSituation } from './rollout-situation.js';

/** A record as it is stored; undefined if it is damaged. */
export interface StoredRollout {
  readonly record: RolloutRecord | undefined;
  readonly modRevision: bigint;
}

interface StoredReport extends SeenReport {
  readonly modRevision: bigint;
}

/** What the host that decides knows of the fleet, kept up to date from what it watches. Times are of its own clock. */
export class WatchedRollouts {
  readonly #log: Log | undefined;
  readonly #now: () => number;
  readonly #newest = new Map<string, number>();
  readonly #records = new Map<number, StoredRollout>();
  readonly #phases = new Map<number, { readonly phase: string; readonly atMs: number }>();
  readonly #reports = new Map<number, Map<string, StoredReport>>();
  readonly #agents = new Set<string>();
  readonly #goneMs = new Map<string, number>();
  readonly #startedMs: number;

  /** @param now the time in milliseconds, by a clock that never jumps */
  constructor(log: Log | undefined, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#startedMs = now();
  }

  /** The id of the newest deploy of each app. */
  get newest(): ReadonlyMap<string, number> {
    return this.#newest;
  }

  rolloutOf(id: number): StoredRollout | undefined {
    return this.#records.get(id);
  }

  /** Keeps what is stored at a revision, if that is newer than what is known. */
  setRollout(id: number, rollout: StoredRollout): void {
    if ((this.#records.get(id)?.modRevision ?? 0n) > rollout.modRevision) return;
    this.#records.set(id, rollout);
    this.#notePhase(id);
  }

  resetDeploys(entries: readonly KeyValue[]): void {
    this.#newest.clear();
    this.#records.clear();
    for (const entry of entries) this.#putDeploy(entry);
  }

  applyDeploys(events: readonly WatchEvent[]): void {
    for (const { type, entry } of events) {
      const id = idOfRollout(entry.key);
      if (type === 'put') this.#putDeploy(entry);
      else if (id !== undefined) this.#records.delete(id);
    }
  }

  resetAgents(entries: readonly KeyValue[]): void {
    const alive = new Set(entries.map(({ key }) => key.slice(AGENTS_PREFIX.length)));
    for (const hostname of this.#agents) if (!alive.has(hostname)) this.#setAlive(hostname, false);
    for (const hostname of alive) this.#setAlive(hostname, true);
  }

  applyAgents(events: readonly WatchEvent[]): void {
    for (const { type, entry } of events)
      this.#setAlive(entry.key.slice(AGENTS_PREFIX.length), type === 'put');
  }

  /** Whether the reports on a deploy are known. */
  hasReports(id: number): boolean {
    return this.#reports.has(id);
  }

  /** From now on the reports on a deploy are kept, as they come. */
  expectReports(id: number): void {
    this.#reports.set(id, new Map());
  }

  /** Reports may have been missed: they have to be read again. */
  forgetReports(): void {
    this.#reports.clear();
  }

  /** Adds reports that were read, or that came, in any order; those on deploys that nobody expects are left out. */
  addReports(entries: readonly KeyValue[]): void {
    for (const entry of entries) {
      const [id = '', hostname = ''] = entry.key.slice(REPORTS_PREFIX.length).split('/');
      const known = this.#reports.get(Number(id));
      if (known === undefined || (known.get(hostname)?.modRevision ?? 0n) >= entry.modRevision) continue;
      const report = readStoredJson(reportSchema, entry, this.#log);
      if (report !== undefined)
        known.set(hostname, { report, atMs: this.#now(), modRevision: entry.modRevision });
    }
  }

  /** What there is to decide on. */
  situationOf({ id, deployment, supersededBy }: UndecidedDeploy): RolloutSituation {
    return {
      ...{ deployment, record: this.#records.get(id)?.record, supersededBy, agents: this.#agents },
      reports: this.#reports.get(id) ?? new Map(),
      goneMs: new Map(deployment.hosts.map((name) => [name, this.#goneMs.get(name) ?? this.#startedMs])),
      ...{ phaseMs: this.#notePhase(id), nowMs: this.#now(), at: new Date().toISOString() },
    };
  }

  #putDeploy(entry: KeyValue): void {
    for (const [app, newest] of newestIn([entry], this.#log)) this.#newest.set(app, newest);
    const id = idOfRollout(entry.key);
    if (id === undefined) return;
    this.setRollout(id, {
      record: readStoredJson(rolloutSchema, entry, this.#log),
      modRevision: entry.modRevision,
    });
  }

  #setAlive(hostname: string, isAlive: boolean): void {
    if (this.#agents.has(hostname) === isAlive) return;
    if (isAlive) {
      this.#agents.add(hostname);
      this.#goneMs.delete(hostname);
    } else {
      this.#agents.delete(hostname);
      this.#goneMs.set(hostname, this.#now());
    }
  }

  /** @returns when the present phase of a rollout was seen first */
  #notePhase(id: number): number {
    const phase = this.#records.get(id)?.record?.phase ?? 'running';
    const known = this.#phases.get(id);
    if (known?.phase === phase) return known.atMs;
    const atMs = this.#now();
    this.#phases.set(id, { phase, atMs });
    return atMs;
  }
}

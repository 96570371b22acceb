import { Notify } from '../../../base/notify.js';
import { type ClientWorld, type Log, type Report, WorldError } from '../../../world/internal.js';
import type { AppReporter, ProgressReport } from '../apps/app-follower.js';
import { retryWhileUnavailable } from '../retry-while-unavailable.js';

/** Steps follow each other within moments: the first of a state is told at once, of the rest only so often. */
const GATHER_MS = 200;

/** What was reported last of the deploys of an app. */
export interface LastReport {
  readonly id: number;
  readonly state: Report['state'];
}

/**
 * Reports the progress of an app's deploys on this host. Nothing waits for it: what cannot be written, because etcd is
 * unavailable or full, is written later, and of superseded reports only the last.
 */
export class DeployReporter implements AppReporter {
  readonly #hostname: string;
  readonly #log: Log;
  readonly #pending = new Map<number, Report>();
  readonly #wake = new Notify();
  #last: LastReport | undefined;
  #toldAtMs: number | undefined;
  #written: { readonly id: number; readonly state: Report['state']; readonly atMs: number } | undefined;

  constructor(hostname: string, log: Log) {
    this.#hostname = hostname;
    this.#log = log;
  }

  report(id: number, { logTail, ...progress }: ProgressReport): void {
    const report = { hostname: this.#hostname, ...progress };
    this.#last = { id, state: progress.state };
    this.#pending.set(id, logTail === undefined ? report : { ...report, logTail });
    this.#wake.notify();
  }

  /** What was reported last, whether the fleet was told of it already or not. */
  get last(): LastReport | undefined {
    return this.#last;
  }

  /** When the fleet was told of the progress last, in ms since the epoch; undefined before that. */
  get toldAtMs(): number | undefined {
    return this.#toldAtMs;
  }

  /** Writes pending reports until the signal aborts or the World is closed. */
  async run(world: ClientWorld, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = this.#pending;
      const restMs = next === undefined ? undefined : this.#restMs(...next);
      if (next === undefined || (restMs !== undefined && restMs > 0)) await this.#wake.wait(restMs, signal);
      else if (!(await this.#write(world, next[0], signal))) return;
    }
  }

  /** How long a report may wait for the next one. What others decide by, a change of the state, may not. */
  #restMs(id: number, { state }: Report): number {
    const { id: lastId, state: lastState, atMs } = this.#written ?? { atMs: 0 };
    return id === lastId && state === lastState ? atMs + GATHER_MS - performance.now() : 0;
  }

  /** @returns false if the World is closed or the signal aborted */
  async #write(world: ClientWorld, id: number, signal: AbortSignal): Promise<boolean> {
    let written: Report | undefined;
    const write = async (): Promise<void> => {
      // A newer one may have arrived while the previous one could not be written.
      written = this.#pending.get(id);
      if (written === undefined) return;
      await world.setReport(id, written, { signal });
      this.#toldAtMs = Date.now();
    };
    try {
      await retryWhileUnavailable(write, { signal, log: this.#log });
    } catch (error) {
      if (signal.aborted || (error instanceof WorldError && error.code === 'closed')) return false;
      this.#log('error', `could not report on deploy ${id}: ${String(error)}`);
    }
    if (written !== undefined) this.#written = { id, state: written.state, atMs: performance.now() };
    if (this.#pending.get(id) === written) this.#pending.delete(id);
    return true;
  }
}

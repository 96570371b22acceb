import { Notify } from '../../../base/notify.js';
import { type ClientWorld, type Log, type Report, WorldError } from '../../../world/internal.js';
import type { AppReporter, ProgressReport } from '../apps/app-follower.js';
import { retryWhileUnavailable } from '../retry-while-unavailable.js';

/**
 * Reports the progress of an app's deploys on this host. Nothing waits for it: what cannot be written, because etcd is
 * unavailable or full, is written later, and of superseded reports only the last.
 */
export class DeployReporter implements AppReporter {
  readonly #hostname: string;
  readonly #log: Log;
  readonly #pending = new Map<number, Report>();
  readonly #wake = new Notify();
  #lastId: number | undefined;

  constructor(hostname: string, log: Log) {
    this.#hostname = hostname;
    this.#log = log;
  }

  report(id: number, { logTail, ...progress }: ProgressReport): void {
    const report = { hostname: this.#hostname, ...progress };
    this.#lastId = id;
    this.#pending.set(id, logTail === undefined ? report : { ...report, logTail });
    this.#wake.notify();
  }

  /** The deploy that was reported on last. */
  get lastId(): number | undefined {
    return this.#lastId;
  }

  /** Writes pending reports until the signal aborts or the World is closed. */
  async run(world: ClientWorld, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [id] = this.#pending.keys();
      if (id === undefined) await this.#wake.wait(undefined, signal);
      else if (!(await this.#write(world, id, signal))) return;
    }
  }

  /** @returns false if the World is closed or the signal aborted */
  async #write(world: ClientWorld, id: number, signal: AbortSignal): Promise<boolean> {
    let written: Report | undefined;
    const write = async (): Promise<void> => {
      // A newer one may have arrived while the previous one could not be written.
      written = this.#pending.get(id);
      if (written !== undefined) await world.setReport(id, written, { signal });
    };
    try {
      await retryWhileUnavailable(write, { signal, log: this.#log });
    } catch (error) {
      if (signal.aborted || (error instanceof WorldError && error.code === 'closed')) return false;
      this.#log('error', `could not report on deploy ${id}: ${String(error)}`);
    }
    if (this.#pending.get(id) === written) this.#pending.delete(id);
    return true;
  }
}

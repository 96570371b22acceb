import { Notify } from '../../../base/notify.js';
import {
  type AppCondition,
  type ClientWorld,
  describeCondition,
  type Log,
  type Report,
  type RunningApp,
  WorldError,
} from '../../../world/internal.js';
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
  #app: AppCondition | undefined;
  #last: { readonly id: number; readonly report: Report } | undefined;

  constructor(hostname: string, log: Log) {
    this.#hostname = hostname;
    this.#log = log;
  }

  report(id: number, { logTail, ...progress }: ProgressReport): void {
    const report = { hostname: this.#hostname, ...progress };
    this.#last = { id, report: logTail === undefined ? report : { ...report, logTail } };
    this.#queue();
  }

  /** The deploy that was reported on last. */
  get lastId(): number | undefined {
    return this.#last?.id;
  }

  /** Adds the condition of what runs to the last report, once something has happened to it. */
  setRunning(running: RunningApp | undefined): void {
    const condition = conditionOf(running);
    const isNews = condition !== undefined && (!condition.up || this.#app !== undefined);
    const next = isNews ? condition : undefined;
    if (JSON.stringify(next) === JSON.stringify(this.#app)) return;
    this.#app = next;
    this.#queue();
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

  #queue(): void {
    if (this.#last === undefined) return;
    const { id, report } = this.#last;
    const full =
      this.#app === undefined
        ? report
        : {
            ...report,
            app: this.#app,
            at: new Date().toISOString(),
            message: withApp(report.message, this.#app),
          };
    this.#pending.set(id, full);
    this.#wake.notify();
  }
}

/** The worst of the processes; undefined while nothing has happened to any. */
function conditionOf(running: RunningApp | undefined): AppCondition | undefined {
  const all = Object.values(running?.processes ?? {});
  const worst = all.find(({ state }) => state === 'restarting') ?? all.find(({ restarts }) => restarts > 0);
  if (worst === undefined) return running && { up: true, restarts: 0 };
  const { state, restarts, lastExit } = worst;
  return { up: state !== 'restarting', restarts, ...(lastExit === undefined ? {} : { lastExit }) };
}

function withApp(message: string, app: AppCondition): string {
  if (app.up) return message;
  return `${message} Since then it ${describeCondition(app)}.`;
}

import { Notify } from '../../base/notify.js';
import {
  type AppCondition,
  type ClientWorld,
  describeCondition,
  type Log,
  type Report,
  WorldError,
} from '../../world/index-without-ssh.js';
import { retryWhileUnavailable } from './retry-while-unavailable.js';

/**
 * Reports the progress of deploys on this host. Nothing waits for it: what cannot be written, because etcd is
 * unavailable or full, is written later, and of superseded reports only the last.
 */
export class DeployReporter {
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

  /** Reports on a deploy, as soon as possible. */
  report(id: number, report: Omit<Report, 'hostname' | 'at' | 'app'>): void {
    const at = new Date().toISOString();
    this.#last = { id, report: { hostname: this.#hostname, at, ...report } };
    this.#queue();
  }

  /** Continues from an earlier agent's report. */
  resumeFrom(id: number, report: Report): void {
    const { app: _, ...rest } = report;
    this.#last ??= { id, report: rest };
    if (this.#app !== undefined || report.app !== undefined) this.#queue();
  }

  /** Adds the condition of the running app to the last report; undefined if nothing has happened to it. */
  setCondition(app: AppCondition | undefined): void {
    if (app === undefined && this.#app === undefined) return;
    this.#app = app;
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

function withApp(message: string, app: AppCondition): string {
  if (app.up) return message;
  return `${message} Since then it ${describeCondition(app)}.`;
}

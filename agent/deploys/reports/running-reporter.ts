import { pause } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import { type ClientWorld, type Log, type RunningApp, WorldError } from '../../../world/internal.js';
import { RestartCounts } from '../../metrics/restart-counts.js';
import { retryWhileUnavailable } from '../retry-while-unavailable.js';

/** A change is rarely alone: a switch has several within moments. The first is told at once, the others together. */
const GATHER_MS = 200;

/** Tells the fleet what runs on this host, when that changes. Nothing waits for it. */
export class RunningReporter {
  readonly #log: Log;
  readonly #apps = new Map<string, RunningApp>();
  readonly #changed = new Notify();
  readonly #restarts = new RestartCounts();
  #at = new Date().toISOString();
  #toldAtMs: number | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What runs of an app from now on; undefined: nothing. */
  set(app: string, running: RunningApp | undefined): void {
    const before = this.#apps.get(app);
    if (JSON.stringify(running) === JSON.stringify(before)) return;
    this.#restarts.see(app, before, running);
    if (running === undefined) this.#apps.delete(app);
    else this.#apps.set(app, running);
    this.#at = new Date().toISOString();
    this.#changed.notify();
  }

  /** What runs, as it was set last. */
  get apps(): ReadonlyMap<string, RunningApp> {
    return this.#apps;
  }

  /** How often processes were restarted, by app. */
  get restarts(): RestartCounts['all'] {
    return this.#restarts.all;
  }

  /** When it was told last, in ms since the epoch; undefined before that. */
  get toldAtMs(): number | undefined {
    return this.#toldAtMs;
  }

  /** Writes what runs now, and after each change, until the signal aborts or the World is closed. */
  async run(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const write = () => world.setRunning({ at: this.#at, apps: Object.fromEntries(this.#apps) }, { signal });
    while (!signal.aborted) {
      try {
        await retryWhileUnavailable(write, { signal, log: this.#log });
        this.#toldAtMs = Date.now();
      } catch (error) {
        if (signal.aborted || (error instanceof WorldError && error.code === 'closed')) return;
        this.#log('error', `could not tell the fleet what runs here: ${String(error)}`);
      }
      await pause(GATHER_MS, signal);
      await this.#changed.wait(undefined, signal);
    }
  }
}

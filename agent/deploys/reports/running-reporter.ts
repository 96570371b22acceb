import { pause } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import { type ClientWorld, type Log, type RunningApp, WorldError } from '../../../world/internal.js';
import { retryWhileUnavailable } from '../retry-while-unavailable.js';

/** A change is rarely alone: a switch has several within moments. The first is told at once, the others together. */
const GATHER_MS = 200;

/** Tells the fleet what runs on this host, when that changes. Nothing waits for it. */
export class RunningReporter {
  readonly #log: Log;
  readonly #apps = new Map<string, RunningApp>();
  readonly #changed = new Notify();
  #at = new Date().toISOString();

  constructor(log: Log) {
    this.#log = log;
  }

  /** What runs of an app from now on; undefined: nothing. */
  set(app: string, running: RunningApp | undefined): void {
    if (JSON.stringify(running) === JSON.stringify(this.#apps.get(app))) return;
    if (running === undefined) this.#apps.delete(app);
    else this.#apps.set(app, running);
    this.#at = new Date().toISOString();
    this.#changed.notify();
  }

  /** Writes what runs now, and after each change, until the signal aborts or the World is closed. */
  async run(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const write = () => world.setRunning({ at: this.#at, apps: Object.fromEntries(this.#apps) }, { signal });
    while (!signal.aborted) {
      try {
        await retryWhileUnavailable(write, { signal, log: this.#log });
      } catch (error) {
        if (signal.aborted || (error instanceof WorldError && error.code === 'closed')) return;
        this.#log('error', `could not tell the fleet what runs here: ${String(error)}`);
      }
      await pause(GATHER_MS, signal);
      await this.#changed.wait(undefined, signal);
    }
  }
}

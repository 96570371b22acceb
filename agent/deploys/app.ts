import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log, Manifest } from '../../world/direct.js';
import { Child } from '../child-process.js';
import { describeExit } from '../cluster/server-process.js';
import { waitUntilHealthy } from './health.js';

/** How long an app may take to end after SIGTERM. */
export const stopGraceMs = 10_000;

/** Pauses between restarts of an app that keeps ending. */
const restartMs = { first: 1_000, most: 30_000 };

export interface AppOptions {
  readonly manifest: Manifest;
  /** The deploy that it belongs to. */
  readonly id: number;
  /** `releases/<id>`, the app's working folder. */
  readonly folder: string;
  /** The agent's prefix: the app's output is appended to `app.log` in there. */
  readonly prefix: string;
  readonly hostname: string;
  /** The agent's own environment, on which the manifest's is laid. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** What kept an app from being healthy, for the report. */
export interface AppFailure {
  readonly message: string;
  readonly logTail: string;
}

/** One deployed app: the manifest's command, kept running, with its health check. */
export class App {
  readonly #options: AppOptions;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #kept: Promise<void> | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
  }

  /** Starts the command (if the manifest has one) and waits until it is healthy; undefined when it is. */
  async start(signal: AbortSignal): Promise<AppFailure | undefined> {
    const { run, health } = this.#options.manifest;
    try {
      if (run !== undefined) this.#child = await this.#spawn(run);
    } catch (error) {
      return { message: `Cannot run ${run?.join(' ')}: ${(error as Error).message}.`, logTail: '' };
    }
    if (health === undefined) return undefined;

    const done = new AbortController();
    const ended = this.#child?.exited.then((exit) => {
      done.abort();
      return `it ended (${describeExit(exit)})`;
    });
    const check = waitUntilHealthy(health, {
      cwd: this.#options.folder,
      environment: this.#environment,
      signal: AbortSignal.any([signal, done.signal]),
    });
    check.catch(() => undefined); // aborted when the app ended first; then `ended` has the reason
    const finding = await Promise.race(ended === undefined ? [check] : [check, ended]);
    if (finding === undefined) return undefined;
    return {
      message: `The app did not become healthy: ${finding}.`,
      logTail: (await this.#child?.logTail()) ?? '',
    };
  }

  /** Starts the app again whenever it ends, until {@link App.stop}. */
  keep(): void {
    this.#kept = this.#keep().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#options.log('error', `no longer keeping the app: ${String(error)}`);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child?.stop(stopGraceMs);
    await this.#kept;
    // It may have been started again just before the abort.
    await this.#child?.stop(stopGraceMs);
  }

  /** Ends the app at once: for the third ^C. */
  kill(): void {
    this.#stopping.abort();
    this.#child?.kill();
  }

  async #keep(): Promise<void> {
    const { id } = this.#options;
    const { run } = this.#options.manifest;
    let pauseMs = restartMs.first;
    while (run !== undefined && !this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const exit = await this.#child?.exited;
      if (this.#stopping.signal.aborted || exit === undefined) return;
      if (performance.now() - startedAt > restartMs.most) pauseMs = restartMs.first;
      this.#options.log(
        'warn',
        `the app of deploy ${id} ended (${describeExit(exit)}); starting it again in ${pauseMs} ms`,
      );
      await delay(pauseMs, undefined, { signal: this.#stopping.signal });
      pauseMs = Math.min(pauseMs * 2, restartMs.most);
      this.#child = await this.#spawn(run);
    }
  }

  #spawn(argv: readonly [string, ...string[]]): Promise<Child> {
    return Child.start({
      argv,
      cwd: this.#options.folder,
      environment: this.#environment,
      logFile: path.join(this.#options.prefix, 'app.log'),
    });
  }

  get #environment(): NodeJS.ProcessEnv {
    const { environment, manifest, hostname, id } = this.#options;
    return { ...environment, ...manifest.env, HAWSER_HOSTNAME: hostname, HAWSER_RELEASE: String(id) };
  }
}

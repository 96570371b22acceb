import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.js';
import {
  type AppCondition,
  type AppProcess,
  DEFAULT_SETTLE_MS,
  DEFAULT_STOP_GRACE_MS,
  type HealthCheck,
  type Log,
} from '../../world/index-without-ssh.js';
import { describeExit } from '../cluster/server/describe-server-exit.js';
import { Child, type ChildExit } from '../processes/child-process.js';
import { APP_MARK, type ProcessMark } from '../processes/process-mark.js';
import { AppLog } from './app-log.js';
import { describePortOwner, findPortOwner } from './find-port-owner.js';
import type { Release } from './releases.js';
import { type HealthOptions, runHealthCheck, waitUntilHealthy } from './run-health-check.js';

/** The pauses between restarts of an app that keeps exiting. */
const RESTART_PAUSES = { firstMs: 1_000, maxMs: 30_000, jitter: false };

export interface AppOptions {
  readonly release: Release;
  /** The app's working directory: that of the release. */
  readonly folder: string;
  /** The agent's prefix; the app's output is appended to `app.log` in there. */
  readonly prefix: string;
  readonly hostname: string;
  /** The agent's own environment, to which the manifest's variables are added. */
  readonly environment: NodeJS.ProcessEnv;
  readonly mark: ProcessMark;
  readonly log: Log;
  /** Called when a running app goes down or has recovered. */
  readonly onCondition: (condition: AppCondition) => void;
}

/** Why an app did not become healthy, for the report. */
export interface AppFailure {
  readonly message: string;
  readonly logTail: string;
}

/** One deployed app: the manifest's command, kept running, with its health check. */
export class AppRunner {
  readonly #options: AppOptions;
  readonly #stopping = new AbortController();
  readonly #output: AppLog;
  #child: Child | undefined;
  #keeping: Promise<void> | undefined;
  #checked: Promise<void> = Promise.resolve();
  #restarts = 0;
  #lastExit: string | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#output = new AppLog(path.join(options.prefix, 'app.log'), options.log);
  }

  /**
   * Starts the command (if the manifest has one) for the first time: it has to run without interruption until its
   * check passes and for the settling time after that. @returns undefined if it did.
   */
  async start(signal: AbortSignal): Promise<AppFailure | undefined> {
    const run = this.#process?.run;
    try {
      await this.#spawn();
    } catch (error) {
      return { message: `Cannot run ${run?.join(' ')}: ${(error as Error).message}.`, logTail: '' };
    }
    const done = new AbortController();
    const ended = this.#child?.exited.then((exit) => this.#endedEarly(exit));
    const settled = this.#settle(AbortSignal.any([signal, done.signal, this.#stopping.signal]));
    settled.catch(() => undefined); // aborted if the app exited first; then `ended` has the reason
    try {
      const finding = await Promise.race(ended === undefined ? [settled] : [settled, ended]);
      if (finding === undefined) return undefined;
      const logTail = (await this.#child?.logTail().catch(() => '')) ?? ''; // the finding matters more
      return { message: `The app did not become healthy: ${finding}.`, logTail };
    } finally {
      done.abort();
    }
  }

  /** Starts the command of a release that was healthy before; if it does not start, it is retried. */
  resume(signal: AbortSignal): void {
    const { log, release } = this.#options;
    this.keepRunning();
    const health = this.#health;
    if (health === undefined) return;
    const ending = AbortSignal.any([signal, this.#stopping.signal]);
    this.#checked = waitUntilHealthy(health, this.#checking(ending)).then(
      (finding) => {
        if (finding !== undefined) log('error', `deploy ${release.id} is running but unhealthy: ${finding}`);
      },
      (error: unknown) => {
        if (!ending.aborted) log('error', `could not check the app's health: ${String(error)}`);
      },
    );
  }

  /** Waits until a resumed app is healthy, or its check has given up. */
  async checked(): Promise<void> {
    await this.#checked;
  }

  /** Restarts the app whenever it exits or cannot be started, until {@link AppRunner.stop}. */
  keepRunning(): void {
    this.#keeping = this.#keepRunning().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#options.log('error', `the app is no longer restarted when it exits: ${String(error)}`);
    });
  }

  /** Stops the app and everything it started. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child?.stop(DEFAULT_STOP_GRACE_MS);
    await this.#keeping;
    // It may have been restarted just before the abort.
    await this.#child?.stop(DEFAULT_STOP_GRACE_MS);
    this.#output.close();
  }

  /** Kills the app immediately: for the third Ctrl-C. */
  kill(): void {
    this.#stopping.abort();
    this.#child?.kill();
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    const { release, log } = this.#options;
    const { settleMs = DEFAULT_SETTLE_MS } = release.deployment.manifest;
    const run = this.#process?.run;
    const backoff = new Backoff(RESTART_PAUSES);
    while (run !== undefined && !signal.aborted) {
      const startedAt = performance.now();
      const why = await this.#untilDown(settleMs);
      if (signal.aborted) return;
      if (performance.now() - startedAt > RESTART_PAUSES.maxMs) {
        backoff.reset();
        this.#restarts = 0;
      }
      const pauseMs = backoff.next();
      this.#lastExit = why;
      this.#options.onCondition({ up: false, restarts: this.#restarts, lastExit: why });
      log('warn', `the app of deploy ${release.id} ${why}; restarting it in ${pauseMs / 1000} s`);
      // What it left running would be in the way of the next one.
      await this.#child?.stop(DEFAULT_STOP_GRACE_MS);
      await delay(pauseMs, undefined, { signal });
      this.#restarts += 1;
      this.#child = undefined;
    }
  }

  /** Starts the app unless it runs, and waits until it exits. @returns why it is down */
  async #untilDown(settleMs: number): Promise<string> {
    const isRestart = this.#child === undefined;
    try {
      if (isRestart) await this.#spawn();
    } catch (error) {
      return `could not be started (${(error as Error).message})`;
    }
    const child = this.#child;
    // Stopped while it was being started: `stop` ends it.
    if (child === undefined || this.#stopping.signal.aborted) return 'was stopped';
    const over = new AbortController();
    if (isRestart) void this.#backToStay(settleMs, over.signal);
    const exit = await child.exited;
    over.abort();
    return `exited (${describeExit(exit)})`;
  }

  /** An app that keeps exiting is up only for moments; it counts as up once it has settled. */
  async #backToStay(settleMs: number, signal: AbortSignal): Promise<void> {
    await delay(settleMs, undefined, { signal }).catch(() => undefined); // it exited again
    if (!signal.aborted && !this.#stopping.signal.aborted)
      this.#options.onCondition({
        up: true,
        restarts: this.#restarts,
        ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      });
  }

  /** Waits until the app is healthy and stays so for the settling time. @returns what is wrong with it at the end */
  async #settle(signal: AbortSignal): Promise<string | undefined> {
    const { settleMs = DEFAULT_SETTLE_MS } = this.#options.release.deployment.manifest;
    const run = this.#process?.run;
    const health = this.#health;
    const pause = () => delay(run === undefined ? 0 : settleMs, undefined, { signal });
    if (health === undefined) {
      await pause();
      return undefined;
    }
    const checking = this.#checking(signal);
    const until = performance.now() + health.timeoutMs;
    for (;;) {
      const timeoutMs = Math.max(0, until - performance.now());
      const finding = await waitUntilHealthy({ ...health, timeoutMs }, checking);
      if (finding !== undefined) return finding;
      await pause();
      const after = run === undefined ? undefined : await runHealthCheck(health, checking);
      if (after === undefined) return undefined;
      if (performance.now() > until) return after;
    }
  }

  /** How it exited, and the most common reason why an app does not start: another process uses its port. */
  async #endedEarly(exit: ChildExit): Promise<string> {
    const health = this.#health;
    const owner = health && (await findPortOwner(health, this.#pids()));
    return `it exited (${describeExit(exit)})${owner === undefined ? '' : `, and ${describePortOwner(owner)}`}`;
  }

  #checking(signal: AbortSignal): HealthOptions {
    // What a check leaves running is stopped with the app.
    const environment = { ...this.#environment, [APP_MARK]: this.#mark };
    const options = { cwd: this.#options.folder, environment, signal };
    const run = this.#process?.run;
    return run === undefined ? options : { ...options, appPids: () => this.#pids() };
  }

  #pids(): number[] {
    return this.#child?.processes().map(({ pid }) => pid) ?? [];
  }

  async #spawn(): Promise<void> {
    const { folder, mark, log } = this.#options;
    const run = this.#process?.run;
    if (run === undefined) return;
    const cgroup = mark.cgroup();
    mark.record({ cgroup }, log);
    this.#child = await Child.start({
      argv: run,
      cwd: folder,
      environment: this.#environment,
      logFile: this.#output.file,
      mark: `${APP_MARK}=${this.#mark}`,
      cgroup,
    });
    mark.record({ root: this.#child.identity, cgroup }, log);
    this.#output.watch();
  }

  get #process(): AppProcess | undefined {
    return Object.values(this.#options.release.deployment.manifest.processes ?? {})[0];
  }

  get #health(): HealthCheck | undefined {
    return this.#process?.health ?? this.#options.release.deployment.manifest.health;
  }

  get #mark(): string {
    return `${this.#options.mark.value}/${this.#options.release.name}`;
  }

  get #environment(): NodeJS.ProcessEnv {
    const { environment, release, hostname } = this.#options;
    const { env } = release.deployment.manifest;
    return { ...environment, ...env, HAWSER_HOSTNAME: hostname, HAWSER_RELEASE: String(release.id) };
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../world/internal.js';
import { describeExit } from '../../cluster/server/describe-server-exit.js';
import { Child } from '../../processes/child-process.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import { AppLog } from './app-log.js';
import type { HostedProcess, ProcessSpec, ProcessState, ProcessStatus } from './process-host.js';

/** The pauses between restarts of a process that keeps exiting. */
const RESTART_PAUSES = { firstMs: 1_000, maxMs: 30_000, jitter: false };

export interface HostedChildOptions {
  readonly spec: ProcessSpec;
  readonly onChange: () => void;
  readonly mark: ProcessMark;
  readonly log: Log;
}

/** A process of a release as a child of the agent. */
export class HostedChild implements HostedProcess {
  readonly spec: ProcessSpec;
  readonly ended: Promise<string>;
  readonly #options: HostedChildOptions;
  readonly #stopping = new AbortController();
  readonly #output: AppLog;
  #endFirstRun: (how: string) => void = () => undefined;
  #status: ProcessStatus = { state: 'starting', restarts: 0, since: new Date().toISOString() };
  #child: Child | undefined;
  #keeping: Promise<void> | undefined;

  constructor(options: HostedChildOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#output = new AppLog(this.spec.logFile, options.log);
    this.ended = new Promise((resolve) => {
      this.#endFirstRun = resolve;
    });
  }

  get status(): ProcessStatus {
    return this.#status;
  }

  /** Starts it for the first time. @throws the errno error if it cannot be executed */
  async start(): Promise<void> {
    const child = await this.#spawn();
    this.#set('starting');
    void child.exited.then((exit) => this.#endFirstRun(`exited (${describeExit(exit)})`));
  }

  pids(): number[] {
    return this.#child?.processes().map(({ pid }) => pid) ?? [];
  }

  async logTail(): Promise<string> {
    return (await this.#child?.logTail().catch(() => '')) ?? ''; // why it is asked for matters more
  }

  keepRunning(): void {
    if (this.#child !== undefined) this.#set('running');
    this.#keeping ??= this.#keepRunning().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#options.log('error', `${this.#name} is no longer restarted when it exits: ${String(error)}`);
    });
  }

  async stop(): Promise<void> {
    const { stopGraceMs } = this.spec;
    this.#stopping.abort();
    await this.#child?.stop(stopGraceMs);
    await this.#keeping;
    // It may have been restarted just before the abort.
    await this.#child?.stop(stopGraceMs);
    this.#output.close();
    this.#options.mark.record(this.#markName, undefined, this.#options.log);
    this.#set('stopped');
  }

  kill(): void {
    this.#stopping.abort();
    this.#child?.kill();
  }

  leave(): Promise<void> {
    return this.stop();
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    const backoff = new Backoff(RESTART_PAUSES);
    let restarts = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const why = await this.#untilDown();
      if (signal.aborted) return;
      if (performance.now() - startedAt > RESTART_PAUSES.maxMs) {
        backoff.reset();
        restarts = 0;
      }
      const pauseMs = backoff.next();
      this.#set('restarting', { restarts, lastExit: why });
      this.#options.log('warn', `${this.#name} ${why}; restarting it in ${pauseMs / 1000} s`);
      // What it left running would be in the way of the next one.
      await this.#child?.stop(this.spec.stopGraceMs);
      await delay(pauseMs, undefined, { signal });
      restarts += 1;
      this.#child = undefined;
      this.#set('restarting', { restarts });
    }
  }

  /** Starts it unless it runs, and waits until it exits. @returns why it is down */
  async #untilDown(): Promise<string> {
    const isNew = this.#child === undefined;
    let child = this.#child;
    try {
      child ??= await this.#spawn();
    } catch (error) {
      return `could not be started (${(error as Error).message})`;
    }
    // Stopped while it was being started: `stop` ends it.
    if (this.#stopping.signal.aborted) return 'was stopped';
    const over = new AbortController();
    if (isNew) void this.#settle(AbortSignal.any([over.signal, this.#stopping.signal]));
    const exit = await child.exited;
    over.abort();
    return `exited (${describeExit(exit)})`;
  }

  /** A process that keeps exiting is up only for moments; it counts as running once it has settled. */
  async #settle(signal: AbortSignal): Promise<void> {
    await delay(this.spec.settleMs, undefined, { signal }).catch(() => undefined); // it exited again
    if (!signal.aborted) this.#set('running');
  }

  async #spawn(): Promise<Child> {
    const { spec } = this;
    const { mark, log } = this.#options;
    const child = await Child.start({
      argv: spec.argv,
      cwd: spec.folder,
      environment: spec.environment,
      logFile: spec.logFile,
      mark: mark.markOf(this.#markName),
      cgroup: mark.cgroup(this.#markName.replaceAll('/', '.')),
      account: spec.account,
      files: spec.limits.files,
    });
    this.#child = child;
    mark.record(this.#markName, child.identity, log);
    this.#output.watch();
    return child;
  }

  #set(state: ProcessState, change: Partial<ProcessStatus> = {}): void {
    const { pid } = this.#child ?? {};
    const { pid: _, ...last } = this.#status;
    const isRunning = state !== 'stopped' && this.#child?.exit === undefined && pid !== undefined;
    const since = state === last.state ? last.since : new Date().toISOString();
    this.#status = { ...last, ...change, ...(isRunning ? { pid } : {}), state, since };
    this.#options.onChange();
  }

  /** "process web of app (deploy 12)" */
  get #name(): string {
    const { app, process, release } = this.spec;
    return `process ${process} of ${app} (deploy ${release})`;
  }

  get #markName(): string {
    const { app, process, release } = this.spec;
    return `${app}/${release}/${process}`;
  }
}

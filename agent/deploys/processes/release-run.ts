import { setTimeout as delay } from 'node:timers/promises';
import type { HealthCheck, Log } from '../../../world/index-without-ssh.js';
import { type AppCheck, checksOf } from '../health/app-check.js';
import { describePortOwner, findPortOwner } from '../health/find-port-owner.js';
import { HealthWatch } from '../health/health-watch.js';
import { type HealthOptions, runHealthCheck, waitUntilHealthy } from '../health/run-health-check.js';
import type { Release } from '../releases/release-entry.js';
import type { StepFailure } from '../step-failure.js';
import type { HostedProcess, ProcessHost, ProcessSpec } from './process-host.js';
import type { RunOfRelease } from './program-runner.js';
import { type ReleaseContext, settleMsOf, specsOf } from './release-context.js';

export interface ReleaseRunOptions {
  readonly context: ReleaseContext;
  readonly host: ProcessHost;
  /** Runs hooks and `exec` checks. */
  readonly run: RunOfRelease;
  readonly log: Log;
  /** Called when a process, or whether it is well, has changed. */
  readonly onChange: () => void;
}

/** The processes of one release, with their health checks. */
export class ReleaseRun {
  readonly specs: readonly ProcessSpec[];
  readonly #options: ReleaseRunOptions;
  readonly #stopping = new AbortController();
  #processes: readonly HostedProcess[] = [];
  #watches: readonly HealthWatch[] = [];
  #checked: Promise<void> = Promise.resolve();
  /** The release before, whose processes may share a port with these during a switch. */
  #before: ReleaseRun | undefined;

  constructor(options: ReleaseRunOptions) {
    this.#options = options;
    this.specs = specsOf(options.context);
  }

  get release(): Release {
    return this.#options.context.release;
  }

  get run(): RunOfRelease {
    return this.#options.run;
  }

  get processes(): readonly HostedProcess[] {
    return this.#processes;
  }

  get watches(): readonly HealthWatch[] {
    return this.#watches;
  }

  /** Starts all processes for the first time. @returns why one of them cannot be executed */
  async start(before: ReleaseRun | undefined): Promise<StepFailure | undefined> {
    const { host, onChange } = this.#options;
    this.#before = before;
    for (const spec of this.specs) {
      const replaces = isReplacing(spec, this.release) ? before?.find(spec.process) : undefined;
      try {
        const started = await host.start(spec, { onChange, ...(replaces === undefined ? {} : { replaces }) });
        this.#processes = [...this.#processes, started];
      } catch (error) {
        return { message: `Cannot run ${spec.argv.join(' ')}: ${(error as Error).message}.`, logTail: '' };
      }
    }
    return undefined;
  }

  /**
   * After {@link ReleaseRun.start}: waits until all checks pass while no process ends, and go on so for the settling
   * time. @returns undefined if they did
   */
  async untilHealthy(signal: AbortSignal): Promise<StepFailure | undefined> {
    const done = new AbortController();
    const settled = this.#settle(AbortSignal.any([signal, done.signal, this.#stopping.signal]));
    settled.catch(() => undefined); // aborted if a process ended first; that has the reason then
    const ends = this.#processes.map(async (process) => ({
      process,
      finding: await this.#endedEarly(process),
    }));
    try {
      const found = await Promise.race([settled, ...ends]);
      if (found === undefined) return undefined;
      const { process = this.#processes[0], finding } = found;
      const logTail = (await process?.logTail()) ?? '';
      return { message: `The app did not become healthy: ${finding}.`, logTail };
    } finally {
      done.abort();
    }
  }

  /** From now on the processes are restarted whenever they exit, and are checked now and then. */
  keepRunning(): void {
    for (const process of this.#processes) process.keepRunning();
    this.#watch(true);
  }

  /**
   * Runs the processes of a release that was healthy before; what does not start is tried again.
   *
   * @param earlier an earlier run of the same release, of which some processes may still run: they go on.
   */
  keep(signal: AbortSignal, earlier?: ReleaseRun): void {
    const { host, log, onChange } = this.#options;
    this.#processes = this.specs.map((spec) => {
      const running = earlier?.find(spec.process);
      return running === undefined || running.status.state === 'stopped'
        ? host.keep(spec, { onChange })
        : running;
    });
    const ending = AbortSignal.any([signal, this.#stopping.signal]);
    this.#watch(false, ending);
    const all = this.#watches.map(async (watch) => {
      const finding = await watch.untilKnown();
      if (finding !== undefined)
        log('error', `deploy ${this.release.id} is running but unhealthy: ${finding}`);
    });
    this.#checked = Promise.all(all).then(
      () => undefined,
      (error: unknown) => {
        if (!ending.aborted) log('error', `could not check the app's health: ${String(error)}`);
      },
    );
  }

  /** Waits until what {@link ReleaseRun.keep} started is healthy, or its checks have given up. */
  async checked(): Promise<void> {
    await this.#checked;
  }

  /** Stops those of its processes that would be in the way of a release: all but those that overlap or hand over a socket. */
  async makeWayFor(next: ReleaseRun): Promise<void> {
    const staying = new Set(
      next.specs
        .filter((spec) => isOverlapping(spec, next.release) || isReplacing(spec, next.release))
        .map(({ process }) => process),
    );
    if (staying.size === 0) return this.stop();
    this.#stopping.abort();
    const ending = this.#processes.filter(({ spec }) => !staying.has(spec.process));
    await Promise.all(ending.map((process) => process.stop()));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  /** The agent ends. */
  async leave(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#processes.map((process) => process.leave()));
  }

  kill(): void {
    this.#stopping.abort();
    for (const process of this.#processes) process.kill();
  }

  find(name: string): HostedProcess | undefined {
    return this.#processes.find(({ spec }) => spec.process === name);
  }

  #watch(isHealthy: boolean, signal = this.#stopping.signal): void {
    const { onChange } = this.#options;
    this.#watches = this.#checks().map(
      (check) => new HealthWatch(check, this.#checking(check, signal), { isHealthy, onChange }),
    );
    for (const watch of this.#watches) void watch.run();
  }

  async #settle(signal: AbortSignal): Promise<{ process?: HostedProcess; finding: string } | undefined> {
    const checks = this.#checks();
    const runs = this.#processes.length > 0;
    const rest = () => delay(runs ? settleMsOf(this.release.deployment.manifest) : 0, undefined, { signal });
    if (checks.length === 0) {
      await rest();
      return undefined;
    }
    const from = performance.now();
    for (;;) {
      const passed = performance.now() - from;
      const waiting = await this.#try(
        checks,
        (check, options) =>
          waitUntilHealthy({ ...check, timeoutMs: Math.max(0, check.timeoutMs - passed) }, options),
        signal,
      );
      if (waiting !== undefined) return waiting;
      await rest();
      const after = runs ? await this.#try(checks, runHealthCheck, signal) : undefined;
      if (after === undefined) return undefined;
      if (performance.now() - from > after.check.timeoutMs) return after;
    }
  }

  /** @returns what the first of the failing checks found */
  async #try(
    checks: readonly AppCheck[],
    act: (check: HealthCheck, options: HealthOptions) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<{ process?: HostedProcess; finding: string; check: HealthCheck } | undefined> {
    const found = await Promise.all(
      checks.map(async (one) => {
        const finding = await act(one.check, this.#checking(one, signal));
        const process = one.process === undefined ? undefined : this.find(one.process);
        if (finding === undefined) return undefined;
        return {
          finding: this.#named(one.process, finding),
          check: one.check,
          ...(process === undefined ? {} : { process }),
        };
      }),
    );
    return found.find((finding) => finding !== undefined);
  }

  /** How it exited, and the most common reason why an app does not start: another process uses its port. */
  async #endedEarly(process: HostedProcess): Promise<string> {
    const how = await process.ended;
    const name = process.spec.process;
    const health = this.#checks().find(
      (check) => check.process === name || check.process === undefined,
    )?.check;
    const owner = health && (await findPortOwner(health, this.#pids(undefined)));
    const who = this.specs.length > 1 ? `process ${name}` : 'it';
    return `${who} ${how}${owner === undefined ? '' : `, and ${describePortOwner(owner)}`}`;
  }

  #named(process: string | undefined, finding: string): string {
    return process !== undefined && this.specs.length > 1 ? `process ${process}: ${finding}` : finding;
  }

  #checks(): AppCheck[] {
    return checksOf(this.release.deployment.manifest);
  }

  #checking({ process }: AppCheck, signal: AbortSignal): HealthOptions {
    const purpose = `check-${process ?? 'app'}`;
    const run: HealthOptions['run'] = (argv, timeoutMs, ending) =>
      this.#options.run({ purpose, argv, timeoutMs }, ending);
    if (this.#processes.length === 0) return { run, signal };
    const sharing = () => this.#before?.processes.flatMap((one) => one.pids()) ?? [];
    return { run, signal, appPids: () => this.#pids(process), sharingPids: sharing };
  }

  /** Of one process, or of all. */
  #pids(name: string | undefined): number[] {
    return this.#processes.flatMap((process) =>
      name === undefined || process.spec.process === name ? process.pids() : [],
    );
  }
}

function isOverlapping({ process }: ProcessSpec, { deployment }: Release): boolean {
  return deployment.manifest.processes?.[process]?.switch === 'overlap';
}

/** Whether the host hands the process's socket over, which it does itself. */
function isReplacing(spec: ProcessSpec, release: Release): boolean {
  return spec.listen !== undefined && !isOverlapping(spec, release);
}

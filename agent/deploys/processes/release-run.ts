import { untilAborted } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import type { Log } from '../../../world/internal.js';
import { explainNotRun } from '../explain-not-run.js';
import { AppChecks } from '../health/app-checks.js';
import { HealthWatch } from '../health/health-watch.js';
import { untilSettled } from '../health/until-settled.js';
import type { Release } from '../releases/deploy-entry.js';
import { hideSecrets } from '../secrets/open-secrets.js';
import type { StepFailure } from '../step-failure.js';
import type { HostedProcess, ProcessHost, ProcessSpec } from './process-host.js';
import type { RunOfRelease } from './program-runner.js';
import { type ReleaseContext, specsOf } from './release-context.js';

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
  #checked: Promise<string | undefined> = Promise.resolve(undefined);
  readonly #changed = new Notify();
  /** The release before, during a switch. */
  #before: ReleaseRun | undefined;
  readonly #checks: AppChecks;

  constructor(options: ReleaseRunOptions) {
    this.#options = options;
    this.specs = specsOf(options.context);
    this.#checks = new AppChecks({
      release: this.release,
      run: options.run,
      processes: () => this.#processes,
      before: () => this.#before?.processes ?? [],
    });
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
    const { host } = this.#options;
    const onChange = this.#onChange;
    this.#before = before;
    for (const spec of this.specs) {
      const replaces = isReplacing(spec, this.release) ? before?.find(spec.process) : undefined;
      try {
        const started = await host.start(spec, { onChange, ...(replaces === undefined ? {} : { replaces }) });
        this.#processes = [...this.#processes, started];
      } catch (error) {
        const why = explainNotRun(error as Error, spec.argv[0]);
        return { message: `Cannot run ${spec.argv.join(' ')}: ${why}.`, logTail: '' };
      }
    }
    return undefined;
  }

  /**
   * After {@link ReleaseRun.start}: waits until all checks pass while no process ends, and go on so for the settling
   * time. @returns undefined if they did
   */
  async untilHealthy(signal: AbortSignal): Promise<StepFailure | undefined> {
    const over = AbortSignal.any([signal, this.#stopping.signal]);
    const failure = await untilSettled(this.release, this.#processes, this.#checks, over);
    return failure && { ...failure, logTail: hideSecrets(failure.logTail, this.#options.context.secrets) };
  }

  /** From now on the processes are restarted whenever they exit, and are checked now and then. */
  keepRunning(): void {
    this.#before = undefined;
    this.#watch(true);
    for (const watch of this.#watches) void watch.run();
    for (const process of this.#processes) process.keepRunning();
    this.#onChange();
  }

  /**
   * Runs the processes of a release that was healthy before; what does not start is tried again.
   *
   * @param earlier an earlier run of the same release, of which some processes may still run: they go on.
   */
  keep(earlier?: ReleaseRun): void {
    const { host, log } = this.#options;
    const onChange = this.#onChange;
    this.#processes = this.specs.map((spec) => {
      const running = earlier?.find(spec.process);
      return running === undefined || running.status.state === 'stopped'
        ? host.keep(spec, { onChange })
        : running;
    });
    this.#watch(false);
    const all = this.#watches.map(async (watch) => {
      const finding = await watch.untilKnown();
      if (finding !== undefined)
        log('error', `deploy ${this.release.id} is running but unhealthy: ${finding}`);
      void watch.run();
      return finding;
    });
    this.#checked = Promise.all(all).then(
      (findings) => findings.find((finding) => finding !== undefined),
      (error: unknown) => {
        const message = `could not check the app's health: ${String(error)}`;
        if (!this.#stopping.signal.aborted) log('error', message);
        return message;
      },
    );
  }

  /**
   * Waits until what {@link ReleaseRun.keep} started runs and is healthy, or does not. It goes on either way.
   * @returns what is wrong
   */
  async untilKnown(signal: AbortSignal): Promise<string | undefined> {
    const finding = await untilAborted(this.#checked, signal);
    if (finding !== undefined) return finding;
    for (const over = AbortSignal.any([signal, this.#stopping.signal]); !over.aborted; ) {
      const states = this.#processes.map(({ spec, status }) => ({ name: spec.process, ...status }));
      const down = states.find(({ state }) => state === 'restarting' || state === 'stopped');
      if (down !== undefined) return `process ${down.name} ${down.lastExit ?? 'does not run'}`;
      if (states.every(({ state }) => state === 'running')) return undefined;
      await this.#changed.wait(undefined, over);
    }
    signal.throwIfAborted();
    return undefined;
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

  readonly #onChange = (): void => {
    this.#changed.notify();
    this.#options.onChange();
  };

  #watch(isHealthy: boolean): void {
    const onChange = this.#onChange;
    const { signal } = this.#stopping;
    this.#watches = this.#checks.all.map(
      (check) => new HealthWatch(check, this.#checks.optionsFor(check, signal), { isHealthy, onChange }),
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

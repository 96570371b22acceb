import type { HealthCheck } from '../../../world/internal.js';
import type { HostedProcess } from '../processes/process-host.js';
import type { RunOfRelease } from '../processes/program-runner.js';
import type { Release } from '../releases/deploy-entry.js';
import { describePortOwner, findPortOwner } from './find-port-owner.js';
import { type AppCheck, checksOf } from './list-app-checks.js';
import type { HealthOptions } from './run-health-check.js';

export interface AppChecksOptions {
  readonly release: Release;
  readonly run: RunOfRelease;
  readonly processes: () => readonly HostedProcess[];
  /** The processes of the release before, which may share a port with these during a switch. */
  readonly before: () => readonly HostedProcess[];
}

/** What a check has found wrong, and with which process. */
export interface CheckFinding {
  readonly finding: string;
  readonly check: HealthCheck;
  /** Undefined for the app as a whole. */
  readonly process: HostedProcess | undefined;
}

/** The health checks of a release that runs here. */
export class AppChecks {
  readonly all: readonly AppCheck[];
  readonly #options: AppChecksOptions;

  constructor(options: AppChecksOptions) {
    this.#options = options;
    this.all = checksOf(options.release.deployment.manifest);
  }

  /** How one of them is run: only an answer of the processes that it is about counts. */
  optionsFor({ process }: AppCheck, signal: AbortSignal): HealthOptions {
    const { processes, before } = this.#options;
    const purpose = `check-${process ?? 'app'}`;
    const run: HealthOptions['run'] = (argv, timeoutMs, ending) =>
      this.#options.run({ purpose, argv, timeoutMs }, ending);
    if (processes().length === 0) return { run, signal };
    return {
      run,
      signal,
      appPids: () => pidsOf(processes(), process),
      sharingPids: () => pidsOf(before(), undefined),
    };
  }

  /** Does something with all checks side by side. @returns what the first of those that fail found */
  async tryAll(
    act: (check: HealthCheck, options: HealthOptions) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<CheckFinding | undefined> {
    const found = await Promise.all(
      this.all.map(async (one) => {
        const finding = await act(one.check, this.optionsFor(one, signal));
        if (finding === undefined) return undefined;
        const process = this.#options.processes().find(({ spec }) => spec.process === one.process);
        return { finding: this.#named(one.process, finding), check: one.check, process };
      }),
    );
    return found.find((finding) => finding !== undefined);
  }

  /** How a process ended, and the most common reason why it does: another one uses its port. */
  async explainEnd({ spec }: HostedProcess, how: string): Promise<string> {
    const isIts = ({ process }: AppCheck) => process === spec.process || process === undefined;
    const check = this.all.find(isIts)?.check;
    const owner = check && (await findPortOwner(check, pidsOf(this.#options.processes(), undefined)));
    const who = this.#isOneOfSeveral ? `process ${spec.process}` : 'it';
    return `${who} ${how}${owner === undefined ? '' : `, and ${describePortOwner(owner)}`}`;
  }

  #named(process: string | undefined, finding: string): string {
    return process !== undefined && this.#isOneOfSeveral ? `process ${process}: ${finding}` : finding;
  }

  get #isOneOfSeveral(): boolean {
    return this.#options.processes().length > 1;
  }
}

function pidsOf(processes: readonly HostedProcess[], name: string | undefined): number[] {
  return processes.flatMap((one) => (name === undefined || one.spec.process === name ? one.pids() : []));
}

import { hostname } from 'node:os';
import type { Deployment } from '../../world/deploys/deploy-payload.js';
import { DeployClock } from '../deploy/view/deploy-clock.js';
import type { DeployOutcome } from '../deploy/view/deploy-outcome.js';
import type { DeployProgress } from '../deploy/view/wait-for-deploy.js';
import { EXIT_CODES } from '../exit-codes.js';
import type { OutputOptions } from '../output/print.js';
import { type CiSystem, ciSystem } from './ci-system.js';
import type { DeployStory, Ending, StoryHost } from './deploy-story.js';
import { junitReport } from './junit-report.js';
import { beginLogGroup, endLogGroup, writeAnnotations, writeStepSummary } from './tell-ci.js';
import { writeReport } from './write-report.js';

/** What to tell whom. */
export interface WitnessOptions extends OutputOptions {
  /** Such as `deploys wait`. */
  readonly command: string;
  /** A file for a JUnit report. */
  readonly junit?: string | undefined;
}

/** A deploy that is watched. */
export interface SeenDeploy {
  readonly id: number;
  readonly deployment: Deployment;
}

/** More would be of no use to a reader. */
const MOST_STEPS = 2_000;

/**
 * Sees a command that deploys from its beginning to its end, and tells it to the CI system whose job it is part of: as a JUnit report
 * where one was asked for, and in GitHub Actions and GitLab by marks in the log, which programs that read `--json` are spared.
 */
export class DeployWitness {
  readonly #options: WitnessOptions;
  readonly #system: CiSystem | undefined;
  readonly #startedAt = Date.now();
  readonly #steps: string[] = [];
  readonly #lastSteps = new Map<string, string>();
  #seen: { readonly entry: SeenDeploy; readonly clock: DeployClock; progress: DeployProgress } | undefined;

  /**
   * The report is written at once: should we be killed, it says that nobody saw the end, and none of an earlier run lies there.
   * @throws CliError `usage` where it cannot be written
   */
  static async begin(options: WitnessOptions): Promise<DeployWitness> {
    const witness = new DeployWitness(options);
    const message = 'hawser was ended before it could say how the deploy ended.';
    await witness.#report({ code: 'killed', message, isGood: false, isError: true });
    return witness;
  }

  private constructor(options: WitnessOptions) {
    this.#options = options;
    this.#system = options.json ? undefined : ciSystem(process.env);
  }

  /** Takes note of how a deploy stands. */
  look(entry: SeenDeploy, progress: DeployProgress): void {
    const now = Date.now();
    if (this.#seen === undefined) {
      this.#seen = { entry, clock: new DeployClock(entry.deployment.createdAt, now), progress };
      beginLogGroup(this.#system, `Deploy ${entry.id} of ${entry.deployment.name}`, now);
    }
    this.#seen.progress = progress;
    this.#seen.clock.look(progress, now);
    for (const [name, { state, step = '', message }] of progress.hosts) {
      const line = `${name}: ${[state, step].filter((part) => part !== '').join(' at ')}: ${message}`;
      if (this.#lastSteps.get(name) === line || this.#steps.length >= MOST_STEPS) continue;
      this.#lastSteps.set(name, line);
      this.#steps.push(`${new Date(now).toISOString()} ${line}`);
    }
  }

  /** Ends what {@link look} began in the log, so that what follows is seen. */
  closeGroup(): void {
    if (this.#seen !== undefined) endLogGroup(this.#system, Date.now());
  }

  /** Tells how the deploy ended, or that nobody waited for that. @throws CliError `usage` where the report cannot be written */
  async ended({ said, exitCode }: DeployOutcome): Promise<void> {
    const { verdict: code, message } = said;
    await this.#tell({ code, message, isGood: exitCode === EXIT_CODES.done, isError: false }, said);
  }

  /** Tells why the command did not come to an end. */
  async failed(error: unknown): Promise<void> {
    const { code = 'failed', message } =
      error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error) };
    await this.#tell({ code: String(code), message, isGood: false, isError: true });
  }

  async #tell(ending: Ending, said?: DeployOutcome['said']): Promise<void> {
    const story = this.#story(ending, said);
    writeAnnotations(this.#system, story);
    await writeStepSummary(process.env, story);
    await this.#report(ending, said);
  }

  async #report(ending: Ending, said?: DeployOutcome['said']): Promise<void> {
    const { junit } = this.#options;
    if (junit !== undefined) await writeReport(junit, junitReport(this.#story(ending, said), hostname()));
  }

  #story(ending: Ending, said?: DeployOutcome['said']): DeployStory {
    const now = Date.now();
    const { entry, clock, progress } = this.#seen ?? {};
    return {
      command: this.#options.command,
      app: entry?.deployment.name ?? said?.app,
      id: entry?.id ?? said?.id,
      ending,
      hosts: clock === undefined || progress === undefined ? [] : toldHosts(clock, progress, now),
      steps: this.#steps,
      startedAt: new Date(this.#startedAt).toISOString(),
      elapsedMs: now - this.#startedAt,
    };
  }
}

function toldHosts(clock: DeployClock, { hosts }: DeployProgress, now: number): StoryHost[] {
  return [...clock.timed(hosts, now)].map(([hostname, { state, step, message, report, elapsedMs }]) => ({
    ...{ hostname, state, step, message, elapsedMs, output: report?.logTail ?? '' },
  }));
}

import type { ClientWorld, HookName } from '../../../world/internal.js';
import { describeFailure } from '../describe-failure.js';
import { type HookOptions, runHook } from '../hooks/run-hook.js';
import { runOnce } from '../hooks/run-once-hook.js';
import type { ReleaseRun } from '../processes/release-run.js';
import type { DeployEntry, Release } from '../releases/deploy-entry.js';
import type { StepFailure } from '../step-failure.js';
import type { DeployStep } from './deploy-step.js';
import type { InstalledApp } from './installed-app.js';
import type { Outcome } from './outcome-file.js';
import type { RolloutGate } from './rollout-gate.js';

export interface ApplyOptions {
  readonly world: ClientWorld;
  /** The fleet whose log has the deploy. */
  readonly fleet: string | undefined;
  /** Says which step begins. */
  readonly onStep: (step: DeployStep) => void;
  readonly gate: RolloutGate;
  /** An abort leaves what runs as it is at that moment. */
  readonly signal: AbortSignal;
}

/** How a deploy ended, without the time. */
export type Ending = Omit<Outcome, 'at'>;

/**
 * Applies a deploy: fetches it, switches to it, and goes back to the release before if it does not become healthy.
 *
 * @throws the signal's reason after an abort
 */
export async function applyDeploy(
  app: InstalledApp,
  entry: DeployEntry,
  options: ApplyOptions,
): Promise<Ending> {
  const attempt = new Attempt(app, entry, options);
  return attempt.run();
}

class Attempt {
  readonly #app: InstalledApp;
  readonly #entry: DeployEntry;
  readonly #options: ApplyOptions;
  #step: DeployStep = 'fetch';
  #release: Release | undefined;
  #hasSwitched = false;
  /** What the hooks that did their work wrote. */
  readonly #said: string[] = [];

  constructor(app: InstalledApp, entry: DeployEntry, options: ApplyOptions) {
    this.#app = app;
    this.#entry = entry;
    this.#options = options;
  }

  async run(): Promise<Ending> {
    const { id, deployment } = this.#entry;
    const { name } = deployment;
    const failure = await this.#try();
    const at = this.#step;
    const discard = async () => {
      const release = this.#release;
      if (release !== undefined && release.name !== this.#app.running?.name)
        await this.#app.quietly(`remove deploy ${id}`, () => this.#app.releases.discard(release.name));
    };
    if (failure === undefined && deployment.noop) {
      await discard();
      return this.#ending('skipped', at, 'Fetched and verified, not applied (noop).');
    }
    if (failure === undefined) {
      const keep = deployment.manifest.keep;
      const inUse = [this.#release?.before ?? ''];
      await this.#app.quietly('remove old releases', () => this.#app.releases.prune(keep, inUse));
      return this.#ending('healthy', at, `${name} is healthy.`);
    }
    const before = this.#app.healthy;
    let wrong: string | undefined;
    if (this.#hasSwitched) {
      this.#begin('back');
      wrong = await this.#app.goBackTo(before, this.#options.signal);
    }
    await discard();
    const { logTail } = failure;
    const now = describePresent(before, this.#hasSwitched, wrong);
    const ending = this.#ending('failed', wrong === undefined ? at : 'back', `${failure.message} ${now}`);
    return logTail === '' ? ending : { ...ending, logTail };
  }

  /** Any failure while trying a release is a reason to return to the one before. */
  async #try(): Promise<StepFailure | undefined> {
    const { signal, world, fleet, gate } = this.#options;
    try {
      this.#begin('fetch');
      const release = await this.#app.fetch(this.#entry, { world, fleet, signal });
      this.#release = release;
      if (release.deployment.noop) return undefined;
      const run = await this.#app.open(release);
      return (
        (await gate.untilAdmitted(() => this.#once(run))) ??
        (await this.#hook('prepare', run)) ??
        (await this.#switch(run))
      );
    } catch (error) {
      signal.throwIfAborted();
      return { message: describeFailure(error), logTail: '' };
    }
  }

  async #switch(run: ReleaseRun): Promise<StepFailure | undefined> {
    const { signal, gate } = this.#options;
    signal.throwIfAborted();
    this.#hasSwitched = true;
    const failure =
      (await this.#app.switchTo(run, (step) => this.#begin(step), signal)) ?? (await this.#untilHealthy(run));
    if (failure !== undefined) return failure;
    await this.#app.endOverlap();
    run.keepRunning();
    const { confirmMs } = run.release.deployment.manifest.rollout ?? {};
    if (confirmMs !== undefined) {
      this.#begin('confirm');
      if (!(await gate.isConfirmed(confirmMs)))
        return { message: `Nobody confirmed the deploy within ${confirmMs / 1000} s.`, logTail: '' };
    }
    await this.#app.accept(run);
    return undefined;
  }

  async #untilHealthy(run: ReleaseRun): Promise<StepFailure | undefined> {
    this.#begin('health');
    return (await run.untilHealthy(this.#options.signal)) ?? (await this.#hook('verify', run));
  }

  #once(run: ReleaseRun): Promise<StepFailure | undefined> {
    this.#begin('once');
    return runOnce(run.release, this.#app.releases.folder.path, this.#hookOptions('once', run));
  }

  async #hook(name: 'prepare' | 'verify', run: ReleaseRun): Promise<StepFailure | undefined> {
    const { release } = run;
    if (release.deployment.manifest.hooks?.[name] === undefined) return undefined;
    this.#begin(name);
    return runHook(name, release, this.#hookOptions(name, run));
  }

  #hookOptions(name: HookName, { run }: ReleaseRun): HookOptions {
    const onOutput = (tail: string) => void (tail !== '' && this.#said.push(`${name}:\n${tail}`));
    return { run, signal: this.#options.signal, onOutput };
  }

  #begin(step: DeployStep): void {
    this.#step = step;
    this.#options.onStep(step);
  }

  #ending(state: Ending['state'], step: DeployStep, message: string): Ending {
    const ending = { state, step, message, current: this.#app.running?.id ?? 0 };
    return state === 'failed' || this.#said.length === 0
      ? ending
      : { ...ending, logTail: this.#said.join('\n') };
  }
}

/** What runs on a host after a deploy that failed there. */
function describePresent(
  before: Release | undefined,
  hasSwitched: boolean,
  wrong: string | undefined,
): string {
  if (before === undefined) return `Nothing is running here${hasSwitched ? ' now' : ''}.`;
  const { id } = before;
  if (wrong !== undefined) return describeFailedReturn(id, wrong);
  return `Deploy ${id} is ${hasSwitched ? 'running again' : 'still running'}.`;
}

/** The release before was started again, and is not well. */
export function describeFailedReturn(id: number, wrong: string): string {
  return `Going back to deploy ${id} failed, too: ${wrong.replace(/\.$/, '')}.`;
}

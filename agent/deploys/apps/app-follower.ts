import { pause } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import { type DeployTrace, tellDeployStep, traced } from '../../../base/trace.js';
import type { ClientWorld, Log, RolloutState } from '../../../world/internal.js';
import { describeFailure } from '../describe-failure.js';
import { type DeployEntry, isSameDeploy } from '../releases/deploy-entry.js';
import { applyDeploy, describeFailedReturn, type Ending } from './apply-deploy.js';
import { type DeployStep, describeStep } from './deploy-step.js';
import type { InstalledApp } from './installed-app.js';
import { OutcomeFile } from './outcome-file.js';
import { RolloutGate } from './rollout-gate.js';

/** What an app is to be on this host. */
export interface WantedEntry {
  readonly entry: DeployEntry;
  readonly rollout: RolloutState;
}

/** How an app's progress is told to the fleet. Nothing waits for it. */
export interface AppReporter {
  /** A deploy goes on, or has ended. */
  report(id: number, report: ProgressReport): void;
}

export interface ProgressReport {
  readonly state: 'fetching' | 'waiting' | 'applying' | Ending['state'];
  readonly step: DeployStep;
  readonly message: string;
  readonly logTail?: string | undefined;
  readonly current: number;
  readonly at: string;
}

export interface AppFollowerOptions {
  readonly app: InstalledApp;
  readonly reporter: AppReporter;
  /** The fleet whose log is followed; undefined for a cluster without a name. */
  readonly fleet: () => Promise<string | undefined>;
  readonly log: Log;
  /** Called when it has something to do, and when it has nothing to do any more. */
  readonly onIdle: (isIdle: boolean) => void;
}

/** A newer deploy, or the fleet, ends what is being done. */
const CHANGED_PLANS = Symbol('plans have changed');

/** Brings one app of this host to what is wanted of it, one deploy after the other, however long other apps take. */
export class AppFollower {
  readonly #options: AppFollowerOptions;
  readonly #wake = new Notify();
  readonly #outcomes: OutcomeFile;
  /** `nothing`: the app runs on other hosts. */
  #wanted: WantedEntry | 'nothing' | undefined;
  /** The deploy that needs no more work on this host. */
  #ended: { readonly entry: DeployEntry; readonly state: Ending['state'] } | undefined;
  #attempt: { readonly entry: DeployEntry; readonly ending: AbortController } | undefined;

  constructor(options: AppFollowerOptions) {
    this.#options = options;
    this.#outcomes = new OutcomeFile(options.app.releases.folder.path);
  }

  /** Tells it what is wanted from now on. */
  want(wanted: WantedEntry | 'nothing'): void {
    this.#wanted = wanted;
    const attempt = this.#attempt;
    if (attempt !== undefined && !isStillWanted(attempt.entry, wanted)) attempt.ending.abort(CHANGED_PLANS);
    if (!this.#isThere) this.#options.onIdle(false);
    this.#wake.notify();
  }

  /** Works until the signal aborts. */
  async run(world: ClientWorld, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wanted = this.#wanted;
      if (wanted === undefined || this.#isThere) {
        this.#options.onIdle(true);
        await this.#wake.wait(undefined, signal);
        continue;
      }
      try {
        await this.#approach(wanted, world, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error !== CHANGED_PLANS) this.#options.log('error', `${this.#name}: ${describeFailure(error)}`);
        // What is wanted now is looked at again; never in a tight loop.
        if (error !== CHANGED_PLANS) await pause(1_000, signal);
      }
    }
  }

  get #name(): string {
    return this.#options.app.name;
  }

  /** Whether the wanted deploy needs no more work. */
  get #isThere(): boolean {
    const wanted = this.#wanted;
    if (wanted === 'nothing') {
      const { running, healthy } = this.#options.app;
      return running === undefined && healthy === undefined;
    }
    if (wanted === undefined || this.#ended === undefined) return false;
    if (!isSameDeploy(this.#ended.entry, wanted.entry)) return false;
    return !(wanted.rollout.isGoingBack && this.#ended.state === 'healthy');
  }

  async #approach(wanted: WantedEntry | 'nothing', world: ClientWorld, signal: AbortSignal): Promise<void> {
    if (wanted === 'nothing') return this.#rest(signal);
    const { entry, rollout } = wanted;
    if (!isSameDeploy(this.#ended?.entry, entry) && (await this.#hasEndedBefore(entry))) return;
    if (rollout.isGoingBack) return this.#goBack(entry, signal);
    const ending = new AbortController();
    this.#attempt = { entry, ending };
    // It may have changed while this was prepared.
    if (this.#wanted !== wanted) this.want(this.#wanted ?? wanted);
    const over = AbortSignal.any([signal, ending.signal]);
    try {
      const { action } = entry.deployment;
      const act = () => (action === 'remove' ? this.#remove(entry, over) : this.#apply(entry, world, over));
      await this.#end(entry, await traced('hawser:deploy', () => this.#traceOf(entry), act));
    } finally {
      this.#attempt = undefined;
    }
  }

  /** Whether an earlier agent on this host has finished a deploy. What it found out is reported again. */
  async #hasEndedBefore(entry: DeployEntry): Promise<boolean> {
    const { app } = this.#options;
    const { action, name } = entry.deployment;
    const outcome = await this.#outcomes.read(entry);
    const runs = isSameDeploy(app.healthy, entry);
    const isGone = action === 'remove' && app.running === undefined && (await app.releases.isGone());
    if (outcome !== undefined && (outcome.state !== 'healthy' || runs)) {
      this.#ended = { entry, state: outcome.state };
      this.#options.reporter.report(entry.id, { ...outcome, step: outcome.step as DeployStep });
      return true;
    }
    if (!runs && !isGone) return false;
    const message = isGone ? `${name} is not on this host.` : `${name} is healthy.`;
    await this.#end(entry, { state: 'healthy', step: 'health', message, current: app.running?.id ?? 0 });
    return true;
  }

  async #apply(entry: DeployEntry, world: ClientWorld, signal: AbortSignal): Promise<Ending> {
    const { app, log } = this.#options;
    const gate = new RolloutGate({
      rollout: () => this.#rolloutOf(entry),
      changed: this.#wake,
      signal,
      onWait: (step) => this.#tell(entry, step, 'waiting'),
    });
    const onStep = (step: DeployStep): void => this.#tell(entry, step);
    const fleet = await this.#options.fleet();
    const ending = await applyDeploy(app, entry, { world, fleet, gate, onStep, signal });
    const { state, message } = ending;
    if (state === 'healthy') log('info', `deploy ${entry.id} of ${app.name} is healthy`);
    if (state === 'failed') log('error', `deploy ${entry.id} of ${app.name} failed: ${message}`);
    return ending;
  }

  /** Undefined once another deploy is wanted. */
  #rolloutOf(entry: DeployEntry): RolloutState | undefined {
    const wanted = this.#wanted;
    return wanted !== 'nothing' && isSameDeploy(wanted?.entry, entry) ? wanted?.rollout : undefined;
  }

  /** When it is wanted again, the release is still there. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { app, log } = this.#options;
    this.#ended = undefined;
    await app.rest(signal);
    log('info', `${app.name} was stopped: its schedule has chosen other hosts`);
  }

  async #remove(entry: DeployEntry, signal: AbortSignal): Promise<Ending> {
    const { app, log } = this.#options;
    const { name, noop } = entry.deployment;
    if (noop) return this.#ending('skipped', 'stop', 'Not removed (noop).');
    try {
      await app.remove((step) => this.#tell(entry, step), signal);
    } catch (error) {
      signal.throwIfAborted();
      return this.#ending('failed', 'stop', `Could not remove all of ${name}: ${describeFailure(error)}`);
    }
    log('info', `${name} was removed by deploy ${entry.id}`);
    return this.#ending('healthy', 'stop', `${name} is not on this host any more.`);
  }

  /** The fleet takes a deploy back: this host returns to what it ran before, if it has switched. */
  async #goBack(entry: DeployEntry, signal: AbortSignal): Promise<void> {
    const { app } = this.#options;
    const { running } = app;
    if (!isSameDeploy(running, entry)) {
      await app.quietly(`remove deploy ${entry.id}`, () => app.releases.discardDeploy(entry));
      const ending = this.#ending('rolled-back', 'back', 'Taken back before this host had switched.');
      return this.#end(entry, ending);
    }
    this.#tell(entry, 'back');
    const name = isSameDeploy(app.healthy, entry) ? app.healthy?.before : app.healthy?.name;
    const before = name === undefined ? undefined : await app.releases.read(name);
    const wrong = await app.goBackTo(before, signal);
    if (before !== undefined && wrong !== undefined) {
      const message = `Taken back. ${describeFailedReturn(before.id, wrong)}`;
      return this.#end(entry, this.#ending('failed', 'back', message));
    }
    const now = before === undefined ? 'nothing is running here now' : `deploy ${before.id} is running again`;
    await this.#end(entry, this.#ending('rolled-back', 'back', `Taken back: ${now}.`));
  }

  /** The disk is told first: what is reported is not tried again. */
  async #end(entry: DeployEntry, ending: Ending): Promise<void> {
    const outcome = { ...ending, at: new Date().toISOString() };
    const { app, reporter } = this.#options;
    await app.quietly('record how the deploy ended', async () => {
      if (!(await app.releases.isGone())) await this.#outcomes.write(entry, outcome);
    });
    this.#ended = { entry, state: ending.state };
    reporter.report(entry.id, { ...outcome, step: outcome.step as DeployStep });
  }

  #ending(state: Ending['state'], step: DeployStep, message: string): Ending {
    return { state, step, message, current: this.#options.app.running?.id ?? 0 };
  }

  #traceOf({ id }: DeployEntry): DeployTrace {
    return { app: this.#name, deploy: id };
  }

  #tell(entry: DeployEntry, step: DeployStep, state?: 'waiting'): void {
    const { reporter, app } = this.#options;
    const described = describeStep(state === undefined ? step : 'wait', entry.deployment.name);
    const current = app.healthy?.id ?? 0;
    tellDeployStep(() => ({ ...this.#traceOf(entry), step, state: described.state }));
    reporter.report(entry.id, { ...described, step, current, at: new Date().toISOString() });
  }
}

/** Whether a deploy that is being applied is still what the host is to run. */
function isStillWanted(entry: DeployEntry, wanted: WantedEntry | 'nothing'): boolean {
  return wanted !== 'nothing' && isSameDeploy(entry, wanted.entry) && !wanted.rollout.isGoingBack;
}

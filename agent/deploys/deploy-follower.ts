import { type ClientWorld, emptyIfNoText, type Log, WorldError } from '../../world/index-without-ssh.js';
import type { ConvergerUid } from '../converger.js';
import type { ProcessMark } from '../processes/process-mark.js';
import { type AppFailure, AppRunner } from './app-runner.js';
import { DeployReporter } from './deploy-reporter.js';
import { describeFailure } from './describe-failure.js';
import { type DeployEntry, entryOf, isSameDeploy, type Release, Releases } from './releases.js';
import { isReadRetryable, retryWhileUnavailable } from './retry-while-unavailable.js';

export interface FollowerOptions {
  readonly hostname: string;
  /** The agent's directory, with `releases/`, `deploys/`, `current` and `app.log`. */
  readonly prefix: string;
  /** The environment that apps inherit. */
  readonly environment: NodeJS.ProcessEnv;
  /** The mark of the apps' processes. */
  readonly mark: ProcessMark;
  readonly log: Log;
  /** Not converged while a deploy is applied, and from the start until this host has caught up with the log. */
  readonly convergerUid?: ConvergerUid | undefined;
}

/**
 * Keeps one host at the newest deploy of the log: fetches it, unpacks it into `releases/<id>`, points `current` at
 * it, runs its command and health check, and reports. If it does not become healthy, the previous release is
 * restored. What runs comes from this host's disk and depends neither on etcd nor on the log; no failed report or
 * clean-up stops it.
 */
export class DeployFollower {
  readonly #options: FollowerOptions;
  readonly #releases: Releases;
  readonly #reporter: DeployReporter;
  #running: { readonly release: Release; readonly app: AppRunner } | undefined;
  /** The deploy that needs no more work on this host. */
  #handled: { readonly id: number; readonly digest: string } | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#releases = new Releases(options.prefix);
    this.#reporter = new DeployReporter(options.hostname, options.log);
    options.convergerUid?.setConverged(false);
  }

  /** Restarts the last healthy release from disk; a deploy that was in progress when the agent stopped is undone. */
  async resume(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    try {
      const name = await this.#releases.lastHealthy();
      const release = name === undefined ? undefined : await this.#releases.read(name);
      if (release !== undefined) this.#restart(release, signal);
      await this.#logFailure('update the link to the running release', () => this.#releases.activate(name));
    } catch (error) {
      log('error', `could not start the last healthy release: ${describeFailure(error)}`);
    }
    await this.#logFailure('clean up the releases', () => this.#releases.tidy(log));
  }

  /** Follows the log until the signal aborts or the World is closed; the app keeps running. */
  async follow(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const { log, convergerUid } = this.#options;
    const isRetryable = (error: unknown) => !(error instanceof WorldError && error.code === 'closed');
    const following = async (): Promise<void> => {
      for await (const _ of world.watchDeploy({ signal })) {
        await this.#catchUp(world, signal);
        convergerUid?.setConverged(true);
      }
    };
    const reporting = this.#reporter.run(world, signal);
    try {
      await retryWhileUnavailable(following, { signal, log, isRetryable });
    } catch (error) {
      if (!signal.aborted && isRetryable(error)) throw error;
    }
    await reporting;
  }

  /** Stops the app. */
  async stop(): Promise<void> {
    await this.#running?.app.stop();
  }

  /** Kills the app immediately: for the third Ctrl-C. */
  kill(): void {
    this.#running?.app.kill();
  }

  /** Whether an app runs on this host, or is being restarted. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  async #catchUp(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const { log, convergerUid } = this.#options;
    const id = await this.#retry(signal, () => world.getMaxDeployId({ signal }));
    if (id === 0) return;
    const payload = await this.#retry(signal, () => world.getDeploy(id, { signal }).catch(emptyIfNoText));
    const entry = entryOf(id, payload);
    if (entry === undefined) {
      if (this.#handled?.id !== id) log('warn', `deploy ${id} was not created by hawser; skipping it`);
      this.#handled = { id, digest: '' };
      return;
    }
    if (isSameDeploy(this.#handled, entry)) return;
    if (this.#handled === undefined && (await this.#isAlreadyApplied(world, entry, signal))) {
      this.#handled = entry;
      return;
    }
    convergerUid?.setConverged(false);
    await this.#apply(world, entry, signal);
    this.#handled = entry;
  }

  /** Whether an earlier agent on this host has finished a deploy. */
  async #isAlreadyApplied(world: ClientWorld, entry: DeployEntry, signal: AbortSignal): Promise<boolean> {
    const { id, deployment } = entry;
    const { hostname } = this.#options;
    await this.#bringFromLog(world, entry, signal);
    const reports = await this.#retry(signal, () => world.getReports(id, { signal }));
    const report = reports.get(hostname);
    const runs = isSameDeploy(this.#running?.release, entry);
    if (report?.state === 'failed' || (runs && report?.state === 'healthy')) {
      this.#reporter.resumeFrom(id, report);
      return true;
    }
    // The report was lost, or this is another log with the same deploy in it.
    if (runs)
      this.#reporter.report(id, { state: 'healthy', message: `${deployment.name} is healthy.`, current: id });
    return runs;
  }

  /** An older agent kept its releases without their deploys; those are only in the log, if at all. */
  async #bringFromLog(world: ClientWorld, newest: DeployEntry, signal: AbortSignal): Promise<void> {
    const name = await this.#releases.lastHealthy();
    if (this.#running !== undefined || name === undefined) return;
    const id = Number(name);
    await this.#logFailure(`start deploy ${name} again`, async () => {
      const entry = id === newest.id ? newest : entryOf(id, await world.getDeploy(id, { signal }));
      if (entry === undefined) return;
      await this.#releases.record(name, entry);
      const release = await this.#releases.read(name);
      if (release !== undefined) this.#restart(release, signal);
    });
  }

  async #apply(world: ClientWorld, entry: DeployEntry, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const { id, deployment } = entry;
    const current = this.#running?.release.id ?? 0;
    const report = (state: 'fetching' | 'applying' | 'skipped', message: string): void =>
      this.#reporter.report(id, { state, message, current });
    try {
      report('fetching', `Fetching ${deployment.name}.`);
      const release = await this.#releases.unpack(entry, (into) =>
        this.#retry(signal, () => world.getTree(deployment.tree, into, { signal })),
      );
      if (deployment.noop) {
        await this.#logFailure(`remove deploy ${id}`, () => this.#releases.discard(release.name));
        return report('skipped', 'Fetched and verified, not applied (noop).');
      }
      report('applying', `Starting ${deployment.name}.`);
      await this.#switchTo(release, signal);
    } catch (error) {
      signal.throwIfAborted();
      const runs = this.#running?.release.id ?? 0;
      const message = `${describeFailure(error)} ${runs === 0 ? 'Nothing is running here.' : `Deploy ${runs} is still running.`}`;
      log('error', `deploy ${id} failed: ${message}`);
      this.#reporter.report(id, { state: 'failed', message, current: runs });
    }
  }

  async #switchTo(release: Release, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const { id, deployment } = release;
    const previous = this.#running?.release;
    await this.stop();
    this.#reporter.setCondition(undefined);
    const app = this.#appOf(release);
    this.#running = { release, app };
    const failure = await this.#tryRelease(app, release, signal);
    if (failure === undefined) {
      log('info', `deploy ${id} is healthy`);
      this.#reporter.report(id, { state: 'healthy', message: `${deployment.name} is healthy.`, current: id });
      app.keepRunning();
      await this.#logFailure('remove old releases', () => this.#releases.prune());
      return;
    }
    await app.stop();
    await this.#rollBack(previous, signal);
    const back =
      previous === undefined ? 'Nothing is running here now.' : `Deploy ${previous.id} is running again.`;
    const message = `${failure.message} ${back}`;
    log('error', `deploy ${id} failed: ${message}`);
    const logTail = failure.logTail === '' ? {} : { logTail: failure.logTail };
    this.#reporter.report(id, { state: 'failed', message, current: previous?.id ?? 0, ...logTail });
    await this.#logFailure(`remove deploy ${id}`, () => this.#releases.discard(release.name));
  }

  /** Any failure while trying a release is a reason to return to the previous one. */
  async #tryRelease(app: AppRunner, release: Release, signal: AbortSignal): Promise<AppFailure | undefined> {
    try {
      await this.#releases.activate(release.name);
      const failure = await app.start(signal);
      if (failure === undefined) await this.#releases.markHealthy(release.name);
      return failure;
    } catch (error) {
      signal.throwIfAborted();
      return { message: describeFailure(error), logTail: '' };
    }
  }

  async #rollBack(previous: Release | undefined, signal: AbortSignal): Promise<void> {
    this.#running = undefined;
    const app = previous && this.#restart(previous, signal);
    await this.#logFailure('update the link to the running release', () =>
      this.#releases.activate(previous?.name),
    );
    await app?.checked();
  }

  #restart(release: Release, signal: AbortSignal): AppRunner {
    const app = this.#appOf(release);
    this.#running = { release, app };
    app.resume(signal);
    return app;
  }

  #appOf(release: Release): AppRunner {
    const { hostname, prefix, environment, mark, log } = this.#options;
    return new AppRunner({
      ...{ release, hostname, prefix, environment, mark, log },
      folder: this.#releases.folder(release.name),
      onCondition: (condition) => this.#reporter.setCondition(condition),
    });
  }

  #retry<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    // Not if the disk is full: that is this host's own disk.
    return retryWhileUnavailable(operation, { signal, log: this.#options.log, isRetryable: isReadRetryable });
  }

  /** Does something that may fail without harm to what runs. */
  async #logFailure(what: string, act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) =>
      this.#options.log('warn', `could not ${what}: ${describeFailure(error)}`),
    );
  }
}

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ClientWorld,
  type Deployment,
  type Log,
  parseDeployment,
  type Report,
  WorldError,
} from '../../world/direct.js';
import type { Mover } from '../converger.js';
import { App, type AppFailure } from './app.js';
import { Releases } from './releases.js';

const retryMs = 1_000;
const transient: ReadonlySet<string> = new Set(['unavailable', 'outcome-unknown']);

export interface FollowOptions {
  readonly world: ClientWorld;
  /** The agent's folder: `releases/`, `current` and `app.log` are in there. */
  readonly prefix: string;
  /** What apps inherit. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Told when a deploy is being applied, from the start on until the host has caught up with the log. */
  readonly mover?: Mover;
}

/**
 * Keeps one host at the newest deploy of the log: fetches it, unpacks it into `releases/<id>`, points `current`
 * at it, runs its command and health check, and reports. What does not become healthy is taken back, and the
 * release before runs again.
 */
export class Follower {
  readonly #options: FollowOptions;
  readonly #releases: Releases;
  #app: App | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#releases = new Releases(options.prefix);
  }

  /** Follows the log until the signal aborts, then stops the app and resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { world, mover } = this.#options;
    mover?.moving();
    try {
      let seen = await this.#resume(signal);
      for await (const _ of world.watchDeploy({ signal })) {
        const newest = await this.#patiently(signal, () => world.getMaxDeployId({ signal }));
        if (newest > seen) {
          mover?.moving();
          await this.#follow(newest, signal);
        }
        seen = newest;
        mover?.settled();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#app?.stop();
    }
  }

  /** Ends the app at once: for the third ^C. */
  kill(): void {
    this.#app?.kill();
  }

  /**
   * Starts the last healthy release again after the agent was restarted; what it was trying then is taken back and
   * tried anew. Gives the newest deploy that needs no more work.
   */
  async #resume(signal: AbortSignal): Promise<number> {
    const { world } = this.#options;
    const healthy = await this.#releases.lastHealthy();
    await this.#releases.activate(healthy);
    if (healthy !== 0) await this.#startAgain(healthy, signal);
    const newest = await this.#patiently(signal, () => world.getMaxDeployId({ signal }));
    if (newest === healthy) return newest;
    const reports = await this.#patiently(signal, () => world.getReports(newest, { signal }));
    return reports.get(world.hostname)?.state === 'failed' ? newest : healthy;
  }

  async #follow(id: number, signal: AbortSignal): Promise<void> {
    const { world, log } = this.#options;
    const deployment = parseDeployment(await this.#patiently(signal, () => world.getDeploy(id, { signal })));
    if (deployment === undefined) {
      log('warn', `deploy ${id} was not made by hawser; leaving this host as it is`);
      return;
    }
    try {
      await this.#apply(id, deployment, signal);
    } catch (error) {
      signal.throwIfAborted();
      const current = await this.#releases.current();
      const message = `${describe(error)} ${current === 0 ? 'Nothing runs here.' : `Deploy ${current} still runs.`}`;
      log('error', `deploy ${id} failed: ${message}`);
      await this.#report(signal, id, 'failed', message, current);
    }
  }

  async #apply(id: number, deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { world, log } = this.#options;
    const previous = await this.#releases.lastHealthy();
    await this.#report(signal, id, 'fetching', `Fetching ${deployment.name}.`, previous);
    const folder = await this.#releases.unpack(id, (into) =>
      this.#patiently(signal, () => world.getTree(deployment.tree, into, { signal })),
    );
    if (deployment.noop) {
      await this.#releases.discard(id);
      await this.#report(signal, id, 'skipped', 'Fetched and verified, not applied (noop).', previous);
      return;
    }
    await this.#report(signal, id, 'applying', `Starting ${deployment.name}.`, previous);
    const failure = await this.#switchTo(id, folder, deployment, signal);
    if (failure !== undefined) {
      await this.#goBack(id, previous, signal);
      const back = previous === 0 ? 'Nothing runs here now.' : `Deploy ${previous} runs again.`;
      log('error', `deploy ${id} failed: ${failure.message} ${back}`);
      await this.#report(signal, id, 'failed', `${failure.message} ${back}`, previous, failure.logTail);
      return;
    }
    await this.#releases.markHealthy(id);
    log('info', `deploy ${id} is healthy`);
    await this.#report(signal, id, 'healthy', `${deployment.name} is healthy.`, id);
    await this.#releases.prune();
  }

  async #switchTo(
    id: number,
    folder: string,
    deployment: Deployment,
    signal: AbortSignal,
  ): Promise<AppFailure | undefined> {
    await this.#app?.stop();
    await this.#releases.activate(id);
    this.#app = this.#appOf(id, folder, deployment);
    const failure = await this.#app.start(signal);
    if (failure === undefined) this.#app.keep();
    return failure;
  }

  async #goBack(id: number, previous: number, signal: AbortSignal): Promise<void> {
    await this.#app?.stop();
    this.#app = undefined;
    await this.#releases.activate(previous);
    await this.#releases.discard(id);
    if (previous !== 0) await this.#startAgain(previous, signal);
  }

  async #startAgain(id: number, signal: AbortSignal): Promise<void> {
    const { world, log } = this.#options;
    const deployment = parseDeployment(await this.#patiently(signal, () => world.getDeploy(id, { signal })));
    if (deployment === undefined) return;
    this.#app = this.#appOf(id, this.#releases.folder(id), deployment);
    const failure = await this.#app.start(signal);
    if (failure !== undefined) log('error', `deploy ${id} runs, but not well: ${failure.message}`);
    this.#app.keep();
  }

  #appOf(id: number, folder: string, { manifest }: Deployment): App {
    const { world, prefix, environment, log } = this.#options;
    return new App({ id, folder, manifest, prefix, environment, log, hostname: world.hostname });
  }

  async #report(
    signal: AbortSignal,
    id: number,
    state: Report['state'],
    message: string,
    current: number,
    logTail = '',
  ): Promise<void> {
    const { world } = this.#options;
    const at = new Date().toISOString();
    const report = {
      hostname: world.hostname,
      state,
      message,
      current,
      at,
      ...(logTail === '' ? {} : { logTail }),
    };
    await this.#patiently(signal, () => world.setReport(id, report, { signal }));
  }

  /** Repeats an operation, which must be safe to repeat, for as long as the World cannot be reached. */
  async #patiently<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof WorldError) || !transient.has(error.code)) throw error;
        this.#options.log('warn', `waiting for the World: ${error.message}`);
      }
      await delay(retryMs, undefined, { signal });
    }
  }
}

/** One sentence for the report; a full disk is the failure that people meet most. */
function describe(error: unknown): string {
  if (error instanceof WorldError) return error.message;
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `The disk that holds ${path.dirname(file ?? 'the releases')} is full.`;
  return `${error instanceof Error ? error.message : String(error)}.`;
}

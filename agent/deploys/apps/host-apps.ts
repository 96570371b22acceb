import {
  type ClientWorld,
  RolloutCoordinator,
  type TooNewDeploy,
  type WantedDeploy,
  type WantedDeploys,
  WantedDeploysReader,
  WorldError,
} from '../../../world/internal.js';
import type { AppFigures } from '../../metrics/host-figures.js';
import type { ConvergerUid } from '../../track-convergence.js';
import { describeFailure } from '../describe-failure.js';
import { AppFolder } from '../releases/app-folder.js';
import { type DeployEntry, entryOf } from '../releases/deploy-entry.js';
import { DeployReporter } from '../reports/deploy-reporter.js';
import { RunningReporter } from '../reports/running-reporter.js';
import { isReadRetryable, retryWhileUnavailable } from '../retry-while-unavailable.js';
import { SignatureGate } from '../signatures/signature-gate.js';
import { AppFollower } from './app-follower.js';
import type { AppSettings } from './common-app-settings.js';
import { InstalledApp } from './installed-app.js';
import { ScheduleCandidacies } from './schedule-candidacies.js';

export interface HostAppsOptions extends AppSettings {
  /** The uuid of the fleet that this host belongs to, if its cluster has one. */
  readonly fleet: () => Promise<string | undefined>;
  /** The labels of this host, by which a deploy may name it. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The allowed_signers file, without which deploys need no signature. */
  readonly allowedSigners?: string | undefined;
  /** Not converged while a deploy is applied, and from the start until this host has caught up with the log. */
  readonly convergerUid?: ConvergerUid | undefined;
}

interface FollowedApp {
  readonly app: InstalledApp;
  readonly reporter: DeployReporter;
  readonly follower: AppFollower;
}

/**
 * All apps of one host. What runs comes from this host's disk and depends neither on etcd nor on the log; no failed
 * report or clean-up stops it. Each app follows the log by itself.
 */
export class HostApps {
  readonly #options: HostAppsOptions;
  readonly #apps = new Map<string, FollowedApp>();
  readonly #running: RunningReporter;
  readonly #busy = new Set<string>();
  readonly #gate: SignatureGate | undefined;
  /** The newest wanted entry of each app: it is parsed once. */
  readonly #entries = new Map<string, DeployEntry>();
  #resting: WantedDeploys['resting'] = new Map();
  #newest: WantedDeploys['newest'] = new Map();
  #hasCaughtUp = false;

  constructor(options: HostAppsOptions) {
    this.#options = options;
    const { prefix, fleet, allowedSigners: file } = options;
    this.#gate = file === undefined ? undefined : new SignatureGate({ prefix, fleet, file });
    this.#running = new RunningReporter(options.log);
    options.convergerUid?.setConverged(false);
  }

  /** Starts the apps that were healthy last, from disk. */
  async resume(signal: AbortSignal): Promise<void> {
    const { prefix, processHost, log } = this.#options;
    const apps = (await AppFolder.list(prefix)).map((name) => this.#followed(name).app);
    const specs = await Promise.all(
      apps.map(async (app) => {
        try {
          await app.load();
          return await app.wanted();
        } catch (error) {
          log('error', `could not read what ${app.name} is to run: ${describeFailure(error)}`);
          return [];
        }
      }),
    );
    await processHost.endAllBut(specs.flat());
    await Promise.all(apps.map((app) => app.resume(signal)));
  }

  /**
   * Follows the log until the signal aborts or the World is closed; the apps keep running.
   * @param onLook called after each look at the log, and at what was decided on its deploys
   */
  async follow(world: ClientWorld, signal: AbortSignal, onLook = (): void => undefined): Promise<void> {
    const isRetryable = (error: unknown) => !(error instanceof WorldError && error.code === 'closed');
    const working = new Map<string, Promise<unknown>>();
    const work = (name: string): void => {
      if (working.has(name)) return;
      const { follower, reporter } = this.#followed(name);
      working.set(name, Promise.all([follower.run(world, signal), reporter.run(world, signal)]));
    };
    for (const name of this.#apps.keys()) work(name);
    const { hostname: name, labels = {}, log } = this.#options;
    const reader = new WantedDeploysReader(world.client, { name, labels }, log);
    const coordinator = new RolloutCoordinator({ client: world.client, hostname: name, log });
    const candidacies = new ScheduleCandidacies({
      ...{ client: world.client, hostname: name, labels, log },
      staysChosen: this.#options.processHost.outlivesAgent,
      onSettled: () => this.#restApps(candidacies, work),
    });
    const following = async (): Promise<void> => {
      for await (const _ of reader.changes({ signal })) {
        const wanted = await this.#look(reader, work, signal);
        coordinator.look(wanted);
        this.#resting = wanted.resting;
        this.#newest = wanted.newest;
        candidacies.want(wanted.candidacies);
        this.#restApps(candidacies, work);
        onLook();
        this.#hasCaughtUp = true;
        this.#noteConverged();
      }
    };
    const others = [this.#running.run(world, signal), coordinator.run(signal), candidacies.run(signal)];
    try {
      await retryWhileUnavailable(following, { signal, log, isRetryable });
    } catch (error) {
      if (!signal.aborted && isRetryable(error)) throw error;
    }
    await Promise.all([...working.values(), ...others]);
  }

  /** Ends what cannot run without the agent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#apps.values()].map(({ app }) => app.stop()));
  }

  /** Kills the apps immediately: for the third Ctrl-C. */
  kill(): void {
    for (const { app } of this.#apps.values()) app.kill();
  }

  /** Whether an app runs on this host, or is being restarted. */
  get isRunning(): boolean {
    return [...this.#apps.values()].some(({ app }) => app.running !== undefined);
  }

  /** What this host knows of its apps. Asks nobody. */
  get figures(): AppFigures {
    const reporters = [...this.#apps].map(([name, { reporter }]) => [name, reporter] as const);
    const told = [this.#running.toldAtMs, ...reporters.map(([, { toldAtMs }]) => toldAtMs)];
    const times = told.filter((time) => time !== undefined);
    return {
      running: this.#running.apps,
      restarts: this.#running.restarts,
      newest: this.#newest,
      reports: new Map(reporters.flatMap(([name, { last }]) => (last === undefined ? [] : [[name, last]]))),
      toldAtMs: times.length === 0 ? undefined : Math.max(...times),
    };
  }

  /** How long the slowest of the processes that run may take to stop, in milliseconds; 0 if none runs. */
  get stopGraceMs(): number {
    return Math.max(0, ...[...this.#apps.values()].map(({ app }) => app.stopGraceMs));
  }

  async #look(
    reader: WantedDeploysReader,
    work: (name: string) => void,
    signal: AbortSignal,
  ): Promise<WantedDeploys> {
    const { log } = this.#options;
    const read = () => reader.read({ signal });
    const wanted = await retryWhileUnavailable(read, { signal, log, isRetryable: isReadRetryable });
    for (const [name, deploy] of wanted.apps) {
      const entry = this.#parse(name, deploy);
      if (entry === undefined) continue;
      const refusal = await this.#gate?.refusal(name, deploy);
      if (refusal !== undefined) {
        this.#reportRefused(name, deploy.id, refusal);
        work(name);
        continue;
      }
      this.#followed(name).follower.want({ entry, rollout: deploy.rollout });
      work(name);
    }
    for (const [name, deploy] of wanted.tooNew) {
      this.#reportTooNew(name, deploy);
      work(name);
    }
    return wanted;
  }

  /** Stops the apps whose schedule has chosen other hosts, once it could have chosen this one. */
  #restApps(candidacies: ScheduleCandidacies, work: (name: string) => void): void {
    for (const [name, namespace] of this.#resting) {
      if (!this.#apps.has(name) || !candidacies.isSettled(namespace)) continue;
      this.#followed(name).follower.want('nothing');
      work(name);
    }
  }

  #parse(name: string, { id, payload }: WantedDeploy): DeployEntry | undefined {
    const known = this.#entries.get(name);
    const entry = known?.id === id && known.payload === payload ? known : entryOf(id, payload);
    if (entry !== undefined) this.#entries.set(name, entry);
    return entry;
  }

  #reportTooNew(name: string, { id, format }: TooNewDeploy): void {
    const message = `Deploy ${id} was made by a newer release of hawser (its format is ${format}): upgrade the agent of this host with "hawser upgrade".`;
    this.#reportRefused(name, id, message);
  }

  /** Says once that this host does not apply a deploy; what it runs goes on running. */
  #reportRefused(name: string, id: number, message: string): void {
    const { app, reporter } = this.#followed(name);
    if (reporter.last?.id === id || app.running?.id === id) return;
    this.#options.log('error', message);
    const at = new Date().toISOString();
    reporter.report(id, { state: 'failed', step: 'fetch', message, current: app.running?.id ?? 0, at });
  }

  #followed(name: string): FollowedApp {
    const known = this.#apps.get(name);
    if (known !== undefined) return known;
    const { hostname, log, fleet } = this.#options;
    const reporter = new DeployReporter(hostname, log);
    const app = new InstalledApp(name, this.#options, () => this.#running.set(name, app.state));
    const onIdle = (isIdle: boolean): void => {
      if (isIdle) this.#busy.delete(name);
      else this.#busy.add(name);
      this.#noteConverged();
    };
    const follower = new AppFollower({ app, reporter, fleet, log, onIdle });
    const followed = { app, reporter, follower };
    this.#apps.set(name, followed);
    return followed;
  }

  #noteConverged(): void {
    this.#options.convergerUid?.setConverged(this.#hasCaughtUp && this.#busy.size === 0);
  }
}

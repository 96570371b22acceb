import { pause } from '../../../base/abort.js';
import type { ClientWorld, RunningApp } from '../../../world/internal.js';
import { findAccount } from '../accounts/account.js';
import { describeFailure } from '../describe-failure.js';
import { runHook } from '../hooks/run-hook.js';
import type { ProcessSpec } from '../processes/process-host.js';
import { programRunner } from '../processes/program-runner.js';
import type { ReleaseContext } from '../processes/release-context.js';
import { specsOf } from '../processes/release-context.js';
import { ReleaseRun } from '../processes/release-run.js';
import { AppFolder } from '../releases/app-folder.js';
import type { DeployEntry, Release } from '../releases/deploy-entry.js';
import { Releases } from '../releases/releases.js';
import { fetchSecrets } from '../secrets/fetch-secrets.js';
import { NO_SECRETS, type OpenSecrets, openSecrets } from '../secrets/open-secrets.js';
import { writeSecretFiles } from '../secrets/secret-files.js';
import type { StepFailure } from '../step-failure.js';
import type { AppSettings } from './common-app-settings.js';
import { describeRunningApp } from './describe-running-app.js';

/** How soon an app is tried again whose user is not known to the host, such as while its directory service starts. */
const ACCOUNT_RETRY_MS = 10_000;

/** One app on this host: its releases on disk, and the one that runs. What it says of that is true after each step. */
export class InstalledApp {
  readonly name: string;
  readonly releases: Releases;
  readonly #settings: AppSettings;
  readonly #onChange: () => void;
  #run: ReleaseRun | undefined;
  /** During a switch, the release before, of which some processes may still run. */
  #before: ReleaseRun | undefined;
  #healthy: Release | undefined;
  /** Of the release that is gone back to, until another one is switched to. */
  #keeping = new AbortController();
  #since = new Date().toISOString();

  /** @param onChange called after each change of what runs */
  constructor(name: string, settings: AppSettings, onChange: () => void) {
    this.name = name;
    this.releases = new Releases(new AppFolder(settings.prefix, name));
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** The release whose processes run, or are being restarted; also one that is being tried. */
  get running(): Release | undefined {
    return this.#run?.release;
  }

  /** The release that runs after a restart, and that a failed deploy goes back to. */
  get healthy(): Release | undefined {
    return this.#healthy;
  }

  /** What runs, for the fleet; undefined if nothing does. */
  get state(): RunningApp | undefined {
    return this.#run && describeRunningApp(this.#run, this.#since);
  }

  /** How long the slowest of its processes may take to stop, in milliseconds. */
  get stopGraceMs(): number {
    return Math.max(0, ...(this.#run?.specs.map((spec) => spec.stopGraceMs) ?? []));
  }

  /** Reads from disk what is to run here. */
  async load(): Promise<void> {
    const name = await this.releases.lastHealthy();
    this.#healthy = name === undefined ? undefined : await this.releases.read(name);
  }

  /** The processes that are to run, as far as they are known, without what is secret of them. */
  async wanted(): Promise<ProcessSpec[]> {
    if (this.#healthy === undefined) return [];
    return specsOf(await this.#contextOf(this.#healthy, NO_SECRETS));
  }

  /** Starts the release that was healthy last; a deploy that was in progress when the agent stopped is undone. */
  async resume(signal: AbortSignal): Promise<void> {
    const { log } = this.#settings;
    const release = this.#healthy;
    if (release !== undefined) await this.#keep(release, signal);
    await this.quietly('update the link to the running release', () => this.releases.activate(release?.name));
    await this.quietly('clean up the releases', () => this.releases.tidy(log));
  }

  /** Unpacks a deploy, unless this host has it. */
  async fetch(
    entry: DeployEntry,
    { world, fleet, signal }: { world: ClientWorld; fleet: string | undefined; signal: AbortSignal },
  ): Promise<Release> {
    const { tree, manifest } = entry.deployment;
    const refusal = this.#settings.processHost.refusal(manifest);
    if (refusal !== undefined) throw new Error(refusal.replace(/\.$/, ''));
    const account = await this.#accountOf(entry);
    const found = await this.releases.find(entry);
    if (found !== undefined) return found;
    const { identity, log } = this.#settings;
    const secrets =
      manifest.secrets && (await fetchSecrets(this.name, manifest.secrets, { world, identity, log, signal }));
    const alike = await this.releases.mostAlike(tree);
    const fill = (folder: string, reuse: string | undefined) =>
      world.getTree(tree, folder, { signal, alike, reuse });
    return this.releases.unpack(entry, { fill, account, fleet, secrets, before: this.#healthy?.name });
  }

  /** What can be run of a release. */
  async open(release: Release): Promise<ReleaseRun> {
    const { mark, processHost: host, identity, log } = this.#settings;
    const wanted = release.deployment.manifest.secrets;
    const secrets = wanted ? await openSecrets(this.name, wanted, release.secrets, identity) : NO_SECRETS;
    const context = await this.#contextOf(release, secrets);
    await this.releases.folder.prepare(context.account);
    if (secrets.files.size > 0) await writeSecretFiles(context.secretsFolder, secrets.files, context.account);
    return new ReleaseRun({
      context,
      host,
      run: programRunner(context, mark),
      log,
      onChange: this.#onChange,
    });
  }

  /** Switches to a release: ends what is in its way, names it `current`, and starts it. @returns why it does not start */
  async switchTo(
    next: ReleaseRun,
    onStep: (step: 'stop' | 'switch' | 'start') => void,
    signal: AbortSignal,
  ): Promise<StepFailure | undefined> {
    this.#keeping.abort();
    await this.endOverlap();
    const before = this.#run;
    onStep('stop');
    if (before !== undefined) await this.#runStopHook(before, signal);
    await before?.makeWayFor(next);
    this.#before = before;
    this.#use(next);
    onStep('switch');
    await this.releases.activate(next.release.name);
    onStep('start');
    return next.start(before);
  }

  /** Stops what still runs of the release before. */
  async endOverlap(): Promise<void> {
    await this.#before?.stop();
    this.#before = undefined;
  }

  /** The release that was switched to is the one to run from now on. */
  async accept(run: ReleaseRun): Promise<void> {
    await this.releases.markHealthy(run.release.name);
    this.#healthy = run.release;
    const { processHost } = this.#settings;
    await this.quietly('remove the sockets', () => processHost.forget(this.name, run.specs));
  }

  /**
   * Runs a release that was healthy before, in place of whatever runs; undefined: nothing.
   * @returns what is wrong with it; it goes on, or is tried again, all the same
   */
  async goBackTo(release: Release | undefined, signal: AbortSignal): Promise<string | undefined> {
    this.#keeping.abort();
    this.#keeping = new AbortController();
    await this.#run?.stop();
    this.#use(undefined);
    this.#healthy = release;
    const kept = await this.#startKeeping(release, AbortSignal.any([signal, this.#keeping.signal]));
    await this.endOverlap();
    await this.quietly('update the links to the running release', async () => {
      await this.releases.activate(release?.name);
      await this.releases.markHealthy(release?.name);
    });
    const specs = this.#run?.specs ?? [];
    if (typeof kept === 'string') return kept;
    await this.quietly('remove the sockets', () => this.#settings.processHost.forget(this.name, specs));
    return kept?.untilKnown(signal);
  }

  /** @returns why it cannot be started yet, if it has to be tried again */
  async #startKeeping(
    release: Release | undefined,
    signal: AbortSignal,
  ): Promise<ReleaseRun | string | undefined> {
    if (release === undefined) return undefined;
    return new Promise((resolve) => void this.#keep(release, signal, resolve).then(resolve));
  }

  /** Runs a release that was healthy before, for ever. @param onTrouble called with why it cannot be started now */
  async #keep(
    release: Release,
    signal: AbortSignal,
    onTrouble: (why: string) => void = () => undefined,
  ): Promise<ReleaseRun | undefined> {
    const { log } = this.#settings;
    for (let logged = ''; !signal.aborted; ) {
      try {
        const run = await this.open(release);
        if (signal.aborted) return undefined;
        const overlapped = this.#before?.release.name === release.name ? this.#before : undefined;
        if (overlapped !== undefined) this.#before = undefined;
        run.keep(overlapped);
        this.#use(run);
        return run;
      } catch (error) {
        const why = describeFailure(error);
        if (why !== logged)
          log('error', `cannot start deploy ${release.id} of ${this.name}: ${why} Trying again.`);
        logged = why;
        onTrouble(why);
      }
      await pause(ACCOUNT_RETRY_MS, signal);
    }
    return undefined;
  }

  /** Takes the app away: its processes, and all of its files but the shared ones. */
  async remove(onStep: (step: 'stop' | 'switch') => void, signal: AbortSignal): Promise<void> {
    this.#keeping.abort();
    onStep('stop');
    if (this.#run !== undefined) await this.#runStopHook(this.#run, signal);
    await this.#run?.stop();
    await this.endOverlap();
    this.#use(undefined);
    this.#healthy = undefined;
    onStep('switch');
    await this.#settings.processHost.forget(this.name, []);
    await this.releases.removeApp();
  }

  /** Stops the app, which a restarted host does not start either; its releases stay. */
  async rest(signal: AbortSignal): Promise<void> {
    if (this.#run !== undefined) await this.#runStopHook(this.#run, signal);
    await this.goBackTo(undefined, signal);
  }

  async stop(): Promise<void> {
    this.#keeping.abort();
    await Promise.all([this.#run?.leave(), this.#before?.leave()]);
  }

  kill(): void {
    this.#run?.kill();
    this.#before?.kill();
  }

  /** Does something that may fail without harm to what runs. */
  async quietly(what: string, act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) =>
      this.#settings.log('warn', `could not ${what} of ${this.name}: ${describeFailure(error)}`),
    );
  }

  #use(run: ReleaseRun | undefined): void {
    this.#run = run;
    this.#since = new Date().toISOString();
    this.#onChange();
  }

  /** Its failure stops nothing. */
  async #runStopHook(run: ReleaseRun, signal: AbortSignal): Promise<void> {
    const failure = await runHook('stop', run.release, { run: run.run, signal, onOutput: () => undefined });
    if (failure !== undefined) this.#settings.log('warn', `${this.name}: ${failure.message}`);
  }

  async #contextOf(release: Release, secrets: OpenSecrets): Promise<ReleaseContext> {
    const { hostname, environment } = this.#settings;
    const account = await this.#accountOf(release);
    const { folder: appFolder } = this.releases;
    const { name } = release;
    const folders = { folder: this.releases.pathOf(name), secretsFolder: this.releases.secretsOf(name) };
    return { release, ...folders, appFolder, account, hostname, environment, secrets };
  }

  #accountOf({ deployment }: DeployEntry) {
    const { user, group } = deployment.manifest;
    return findAccount({ user, group, defaultUser: this.#settings.defaultUser });
  }
}

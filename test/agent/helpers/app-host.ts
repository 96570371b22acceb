import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { AppFollower, type ProgressReport } from '../../../agent/deploys/apps/app-follower.js';
import type { AppSettings } from '../../../agent/deploys/apps/common-app-settings.js';
import { InstalledApp } from '../../../agent/deploys/apps/installed-app.js';
import { ChildHost } from '../../../agent/deploys/processes/child-host.js';
import { type DeployEntry, entryOf } from '../../../agent/deploys/releases/deploy-entry.js';
import { HostIdentity } from '../../../agent/deploys/secrets/host-identity.js';
import { ProcessMark } from '../../../agent/processes/process-mark.js';
import {
  type ClientWorld,
  type Deployment,
  type Manifest,
  type RolloutState,
  type RunningApp,
  serialiseDeployment,
} from '../../../world/internal.js';
import { patienceMs } from './local-agent.js';

const ROLLED_OUT: RolloutState = {
  isAdmitted: true,
  isOnceHost: false,
  isConfirmed: false,
  isGoingBack: false,
};

/** A deploy as the log has it; what it installs are the files of the tree. */
export function deployOf(id: number, manifest: Manifest, more: Partial<Deployment> = {}): DeployEntry {
  const payload = serialiseDeployment({
    hawser: 1,
    ...{ name: manifest.name, message: '', author: 'ann', createdAt: '2026-01-01T00:00:00Z' },
    ...{ tree: String(id).padStart(64, '0'), noop: false, hosts: ['h1'], manifest },
    ...more,
  });
  const entry = entryOf(id, payload);
  if (entry === undefined) throw new Error('that is no deploy');
  return entry;
}

/** A host with a prefix of its own whose apps are told by hand what is wanted of them. Trees come from `trees/` in it. */
export class AppHost {
  readonly folder: string;
  readonly messages: string[] = [];
  /** What is in etcd. */
  readonly stored = new Map<string, string>();
  readonly settings: AppSettings;
  readonly #ending = new AbortController();
  readonly #working: Promise<void>[] = [];
  readonly #apps: InstalledApp[] = [];

  private constructor(folder: string, settings: AppSettings) {
    this.folder = folder;
    this.settings = { ...settings, log: (_, message) => this.messages.push(message) };
  }

  static async in(folder: string): Promise<AppHost> {
    const prefix = path.join(folder, 'prefix');
    await mkdir(prefix, { recursive: true });
    await mkdir(path.join(folder, 'trees'), { recursive: true });
    const mark = await ProcessMark.of(prefix);
    return new AppHost(folder, {
      ...{ hostname: 'h1', prefix, environment: process.env, mark, defaultUser: undefined },
      processHost: new ChildHost(mark, () => undefined),
      identity: new HostIdentity(prefix),
      log: () => undefined,
    });
  }

  static async make(t: ExecutionContext): Promise<AppHost> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-apps-'));
    const host = await AppHost.in(folder);
    t.teardown(async () => {
      await host.close();
      await rm(folder, { recursive: true });
    });
    return host;
  }

  /** The files of a deploy. */
  store({ deployment }: DeployEntry, files: Readonly<Record<string, string>>): void {
    const folder = path.join(this.folder, 'trees', deployment.tree);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Only what an app on a host asks of it. */
  get world(): ClientWorld {
    const getTree = (tree: string, into: string) =>
      cp(path.join(this.folder, 'trees', tree), into, { recursive: true });
    const list = async (prefix: string) => ({
      entries: [...this.stored]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => ({ key, value: Buffer.from(value) })),
    });
    return { getTree, client: { list } } as unknown as ClientWorld;
  }

  /** An app, with what was on disk running already. */
  async app(name: string): Promise<FollowedApp> {
    let followed: FollowedApp | undefined;
    const app = new InstalledApp(name, this.settings, () => followed?.changed());
    this.#apps.push(app);
    await app.load();
    await app.resume(this.signal);
    followed = new FollowedApp(app, this.settings);
    this.#working.push(followed.follower.run(this.world, this.signal));
    return followed;
  }

  /** The releases of an app on disk. */
  releases(app: string): Promise<string[]> {
    return readdir(path.join(this.settings.prefix, 'apps', app, 'releases'));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#working);
    await Promise.all(this.#apps.map((app) => app.stop()));
    await this.settings.mark.killOrphanedApps(() => undefined);
  }
}

/** An app of such a host, and what it has reported. */
export class FollowedApp {
  readonly app: InstalledApp;
  readonly follower: AppFollower;
  readonly reports: (ProgressReport & { readonly id: number })[] = [];
  #wake: () => void = () => undefined;

  constructor(app: InstalledApp, { log }: AppSettings) {
    this.app = app;
    const report = (id: number, progress: ProgressReport): void => {
      this.reports.push({ id, ...progress });
      this.changed();
    };
    this.follower = new AppFollower({
      ...{ app, log, reporter: { report } },
      fleet: async () => 'a-fleet',
      onIdle: () => undefined,
    });
  }

  /** The steps that were reported of a deploy, in order. */
  steps(id: number): string[] {
    return this.reports.filter((report) => report.id === id).map(({ step }) => step);
  }

  changed(): void {
    this.#wake();
  }

  want(entry: DeployEntry, rollout: Partial<RolloutState> = {}): void {
    this.follower.want({ entry, rollout: { ...ROLLED_OUT, ...rollout } });
  }

  /** Deploys, and waits for the end. */
  async deploy(entry: DeployEntry): Promise<ProgressReport> {
    this.want(entry);
    return this.ended(entry.id);
  }

  ended(id: number): Promise<ProgressReport> {
    return this.until(`deploy ${id} has ended`, () =>
      this.reports.find(
        (report) => report.id === id && !['fetching', 'waiting', 'applying'].includes(report.state),
      ),
    );
  }

  reached(id: number, step: string): Promise<ProgressReport> {
    return this.until(`deploy ${id} is at ${step}`, () =>
      this.reports.find((report) => report.id === id && report.step === step),
    );
  }

  state(what: string, condition: (state: RunningApp) => boolean): Promise<RunningApp> {
    return this.until(what, () => {
      const { state } = this.app;
      return state !== undefined && condition(state) ? state : undefined;
    });
  }

  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const late = AbortSignal.timeout(patienceMs);
    late.addEventListener('abort', () => this.#wake(), { once: true });
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (late.aborted) throw new Error(`not until now: ${what}; reports: ${JSON.stringify(this.reports)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Whether all processes of an app run. */
export function runsWell({ processes }: RunningApp): boolean {
  return Object.values(processes).every(({ state, health }) => state === 'running' && health !== 'failing');
}

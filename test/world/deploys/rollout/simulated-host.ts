import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import type { ReportState } from '../../../../world/deploys/report.js';
import { RolloutCoordinator } from '../../../../world/deploys/rollout/rollout-coordinator.js';
import type { RolloutState, WantedDeploy } from '../../../../world/deploys/wanted/wanted-deploy.js';
import { WantedDeploysReader } from '../../../../world/deploys/wanted/wanted-deploys.js';
import { EtcdWorld, type Session } from '../../../../world/index.js';
import { AT } from './situations.js';

/** How a deploy goes on a host: `hang` never ends it. */
export type Fate = 'well' | 'fail' | 'hang';

/** A host of a fleet that does what an agent does with deploys, but runs nothing. */
export class SimulatedHost implements AsyncDisposable {
  readonly name: string;
  /** How deploys go here, by their id. Default `well`. */
  readonly fates = new Map<number, Fate>();
  /** What it did: `switch 1`, `once 1`, `back 1`. */
  readonly done: string[] = [];
  readonly log: string[] = [];
  readonly #world: EtcdWorld;
  readonly #session: Session;
  readonly #reader: WantedDeploysReader;
  readonly #coordinator: RolloutCoordinator;
  readonly #over = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #onDone: (what: string) => void;
  readonly #told = new Map<number, string>();

  static async join(
    etcdUrl: string,
    namespace: string,
    name: string,
    onDone: (what: string) => void,
  ): Promise<SimulatedHost> {
    const world = EtcdWorld.create({ seeds: [etcdUrl], hostname: name, namespace });
    const session = await world.client.session({ ttlSeconds: 2 });
    await world.client.set(`/agents/${name}`, '{}', { lease: session.lease });
    return new SimulatedHost(world, session, onDone);
  }

  private constructor(world: EtcdWorld, session: Session, onDone: (what: string) => void) {
    this.name = world.hostname;
    this.#world = world;
    this.#session = session;
    this.#onDone = onDone;
    this.#reader = new WantedDeploysReader(world.client, { name: this.name, labels: {} }, undefined);
    const log = (_: string, message: string) => this.log.push(message);
    this.#coordinator = new RolloutCoordinator({
      client: world.client,
      hostname: this.name,
      log,
      standInMs: 300,
    });
    this.#running = Promise.all([this.#coordinator.run(this.#over.signal), this.#follow()]);
  }

  /** It says nothing more, and keeps its session for the time that that lives. */
  async die(): Promise<void> {
    this.#over.abort();
    await this.#world.client.close();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
    await this.#session.close();
    await this.#world.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over;
    try {
      for await (const _ of this.#world.watchApps({ signal })) {
        const wanted = await this.#reader.read({ signal });
        this.#coordinator.look(wanted);
        for (const deploy of wanted.apps.values()) await this.#approach(deploy);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #approach({ id, deployment, rollout }: WantedDeploy): Promise<void> {
    const told = this.#told.get(id);
    if (told === 'rolled-back' || told === 'failed') return;
    if (rollout.isGoingBack) {
      if (told === 'healthy' || told === 'applying') this.#do(`back ${id}`);
      return this.#tell(id, 'rolled-back');
    }
    if (told === 'healthy' || told === 'applying') return;
    if (told === undefined) await this.#tell(id, 'fetching');
    await this.#goOn(id, deployment, rollout);
  }

  async #goOn(id: number, deployment: Deployment, rollout: RolloutState): Promise<void> {
    const fate = this.fates.get(id) ?? 'well';
    if (deployment.noop) return this.#tell(id, 'skipped');
    if (rollout.isOnceHost) {
      if (this.#told.get(id) === 'waiting/once') return;
      this.#do(`once ${id}`);
      await this.#tell(id, 'applying', 'once');
      return fate === 'fail' ? this.#tell(id, 'failed', 'once') : this.#tell(id, 'waiting', 'once');
    }
    if (!rollout.isAdmitted) return this.#told.has(id) ? this.#tell(id, 'waiting', 'wait') : undefined;
    this.#do(`switch ${id}`);
    await this.#tell(id, 'applying', 'start');
    if (fate === 'hang') return;
    await delay(10);
    await this.#tell(id, fate === 'well' ? 'healthy' : 'failed', 'health');
  }

  async #tell(id: number, state: ReportState, step = 'fetch'): Promise<void> {
    const told = state === 'waiting' && step === 'once' ? 'waiting/once' : state;
    if (this.#told.get(id) === told) return;
    if (told === 'waiting' && this.#told.get(id) === 'waiting/once') return;
    this.#told.set(id, told);
    const message = `It is ${state}.`;
    await this.#world.setReport(id, { hostname: this.name, state, step, message, at: AT, current: id - 1 });
  }

  #do(what: string): void {
    this.done.push(what);
    this.#onDone(`${this.name} ${what}`);
  }
}

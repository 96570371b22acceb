import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientWorld } from '../../../world/index.js';
import type { HostAction } from '../schedule.js';
import { ChurnHost } from './churn-host.js';
import { loseData } from './lose-data.js';
import type { Network } from './network.js';

export interface ChurnFleetOptions {
  readonly hosts: number;
  readonly network: Network;
  readonly folder: string;
  readonly etcd: string;
  readonly complain: (complaint: string) => void;
  readonly say: (line: string) => void;
  /** Looks at the cluster from outside. */
  readonly world: () => ClientWorld;
}

/** The hosts of a run. What happens to one host happens one after the other; hosts do not wait for each other. */
export class ChurnFleet {
  readonly hosts: readonly ChurnHost[];
  readonly #options: ChurnFleetOptions;
  readonly #queues: Promise<void>[];
  /** One loss at a time: two at once that both find every voter whole take a majority's data. */
  #losses: Promise<void> = Promise.resolve();

  constructor(options: ChurnFleetOptions) {
    const { network, folder, etcd, complain } = options;
    this.#options = options;
    this.hosts = Array.from({ length: options.hosts }, (_, host) => {
      const name = `h${host + 1}`;
      const place = { address: network.address(host), enter: network.enter(host) };
      return new ChurnHost({ name, ...place, folder: join(folder, name), etcd, complain });
    });
    this.#queues = this.hosts.map(() => Promise.resolve());
  }

  get clientUrls(): string[] {
    return this.hosts.map(({ clientUrl }) => clientUrl);
  }

  /** Starts all hosts at once: the first founds the cluster, the others are told of it. */
  async startAll(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await Promise.all(this.hosts.map((host, index) => host.start(this.#firstSeeds(index))));
  }

  #firstSeeds(index: number): readonly string[] {
    return index === 0 ? [] : this.clientUrls.slice(0, 1);
  }

  /** Does something to a host as soon as what was done to it before is over. */
  act(host: number, action: HostAction): void {
    const target = this.hosts[host];
    if (target === undefined) return;
    const queued = this.#queues[host] ?? Promise.resolve();
    this.#queues[host] = queued
      .then(() => this.#perform(target, host, action))
      .catch((error: unknown) =>
        this.#options.complain(`could not ${action.kind} ${target.name}: ${String(error)}`),
      );
  }

  /** Ends all faults: afterwards every host runs and reaches every other. */
  async healAll(): Promise<void> {
    for (const [index, host] of this.hosts.entries()) {
      this.act(index, { kind: 'thaw' });
      if (this.#options.network.canCut) this.act(index, { kind: 'heal' });
      const others = [...this.hosts.keys()].filter((other) => this.hosts[other] !== host);
      this.act(index, { kind: 'start', seeds: others });
    }
    await Promise.all(this.#queues);
  }

  /** Ends all agents in order, all at once. */
  async stopAll(): Promise<void> {
    for (const index of this.hosts.keys()) this.act(index, { kind: 'stop' });
    await Promise.all(this.#queues);
  }

  /** Ends everything without a word. */
  async killAll(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill()));
  }

  /** Starts agents that ended by themselves again, as a service manager would, until aborted. */
  async revive(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(1_000, undefined, { signal }).catch(() => undefined); // aborted: over
      for (const [index, host] of this.hosts.entries()) {
        if (!host.hasEndedByItself || signal.aborted) continue;
        this.act(index, { kind: 'start', seeds: [...this.hosts.keys()].filter((other) => other !== index) });
      }
    }
  }

  async #perform(host: ChurnHost, index: number, action: HostAction): Promise<void> {
    const { network } = this.#options;
    switch (action.kind) {
      case 'start':
        if (!host.isRunning) await host.start(action.seeds.flatMap((seed) => this.clientUrls[seed] ?? []));
        return;
      case 'cut':
      case 'part':
      case 'heal':
        return network[action.kind](index);
      case 'lose': {
        const { world, say } = this.#options;
        const lose = () => loseData(host, world(), { ...action, seeds: this.#firstSeeds(index) }).then(say);
        const loss = this.#losses.then(lose);
        this.#losses = loss.catch(() => undefined); // the failure goes to whoever waits for this one
        return loss;
      }
      default:
        return host[action.kind]();
    }
  }
}

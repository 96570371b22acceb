import { setTimeout as delay } from 'node:timers/promises';
import { EtcdWorld } from '../../world/index.js';
import { unconverged, viewFleet } from './checks/fleet-view.js';
import { Follower } from './checks/follower.js';
import { History } from './checks/history.js';
import { judge, missing } from './checks/judge.js';
import { severalClusters } from './checks/one-cluster.js';
import { VoterCount } from './checks/voter-count.js';
import { ChurnFleet } from './fleet/churn-fleet.js';
import { processesIn } from './fleet/left-behind.js';
import type { Network } from './fleet/network.js';
import { seededRandom } from './random.js';
import { describeStep, planSchedule, type Step } from './schedule.js';
import { APPENDED, Workload } from './workload.js';

const HOSTS = 7;
const REGISTERS = ['red', 'green', 'blue', 'black', 'white', 'grey'];
/** How long a fleet at rest may take until it is as it should be. */
const QUIET_MS = 30_000;
const FORMING_MS = 60_000;

export interface ChurnOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** The path of the etcd under test. */
  readonly etcd: string;
  /** A directory for everything that the hosts keep. */
  readonly folder: string;
  /** Whether all hosts are killed and started, and stopped and started, once more at the end. */
  readonly restart: boolean;
  /** Told what happens when. */
  readonly say: (line: string) => void;
}

export interface ChurnReport {
  /** Violations; empty if there are none. */
  readonly complaints: readonly string[];
  readonly operations: Readonly<Record<'done' | 'not-done' | 'unknown', number>>;
  readonly appended: number;
  readonly longestGapMs: number;
  readonly formedMs: number;
  readonly convergedMs: number;
  /** The longest time in which an even number of servers voted. */
  readonly longestEvenMs: number;
}

/** One run: hosts come and go by the schedule while processes use the World; afterwards everything is checked. */
export class Churn {
  readonly #options: ChurnOptions;
  readonly #network: Network;
  readonly #fleet: ChurnFleet;
  readonly #worlds: readonly EtcdWorld[];
  readonly #workload: Workload;
  readonly #voters: VoterCount;
  readonly #followers: readonly Follower[];
  readonly #history = new History();
  readonly #complaints: string[] = [];

  constructor(options: ChurnOptions, network: Network) {
    this.#options = options;
    this.#network = network;
    const complain = (complaint: string) => {
      options.say(`COMPLAINT: ${complaint}`);
      this.#complaints.push(complaint);
    };
    const { folder, etcd } = options;
    const { say } = options;
    this.#fleet = new ChurnFleet({
      ...{ hosts: HOSTS, network, folder, etcd, complain, say },
      world: () => this.#world,
    });
    const urls = this.#fleet.clientUrls;
    this.#worlds = [0, 2, 4].map((first) => {
      const endpoints = [...urls.slice(first), ...urls.slice(0, first)];
      return EtcdWorld.create({ seeds: endpoints, hostname: `client${first}` });
    });
    this.#followers = this.#worlds.map(({ client }) => new Follower(client, APPENDED, complain));
    this.#voters = new VoterCount(this.#world);
    this.#workload = new Workload({
      worlds: this.#worlds,
      history: this.#history,
      random: seededRandom(options.seed + 1),
      registers: REGISTERS,
      processes: 6,
      complain,
    });
  }

  async run(): Promise<ChurnReport> {
    const over = new AbortController();
    const watching = [this.#fleet.revive(over.signal), this.#voters.run(over.signal)];
    try {
      await this.#fleet.startAll();
      const formedMs = await this.#waitUntilConverged(FORMING_MS, 'after the start');
      await Promise.all(this.#followers.map((follower) => follower.start()));
      this.#workload.start();
      await this.#play();
      this.#options.say('the faults end');
      await this.#fleet.healAll();
      const convergedMs = await this.#waitUntilConverged(QUIET_MS, 'after the faults had ended');
      await this.#workload.stop();
      await Promise.all(this.#followers.map((follower) => follower.finish(this.#workload.acknowledged)));
      this.#complaints.push(...(await judge(this.#world, this.#history, this.#workload)));
      this.#complaints.push(...(await severalClusters(this.#fleet.hosts)));
      over.abort();
      await Promise.all(watching);
      if (this.#options.restart) await this.#restart();
      await this.#stopAll();
      return this.#report(formedMs, convergedMs);
    } finally {
      over.abort();
      await Promise.all(watching);
      await this.#workload.stop();
      await Promise.all(this.#followers.map((follower) => follower.close()));
      await Promise.all(this.#worlds.map((world) => world.close()));
      await this.#fleet.killAll();
    }
  }

  get #world(): EtcdWorld {
    const [world] = this.#worlds;
    if (world === undefined) throw new Error('the churn has no World');
    return world;
  }

  /** Plays the schedule. */
  async #play(): Promise<void> {
    const { seed, durationMs, say } = this.#options;
    const steps = planSchedule({ seed, hosts: HOSTS, durationMs, canCut: this.#network.canCut });
    const beginMs = performance.now();
    for (const step of steps) {
      await delay(Math.max(0, beginMs + step.atMs - performance.now()));
      say(describeStep(step));
      this.#perform(step);
    }
  }

  #perform(step: Step): void {
    if ('host' in step) this.#fleet.act(step.host, step.action);
    else void this.#setSize(step.size);
  }

  /** While there is no quorum the size stays as it is. */
  async #setSize(size: number): Promise<void> {
    try {
      await this.#world.idealClusterSizeSet(size);
    } catch (error) {
      this.#options.say(`size ${size} was not set: ${String(error)}`);
    }
  }

  /** Waits until the fleet is as it should be; complains if it does not get there. @returns how long that took */
  async #waitUntilConverged(limitMs: number, when: string): Promise<number> {
    const beginMs = performance.now();
    const passedMs = () => Math.round(performance.now() - beginMs);
    let lacks: string | undefined = '';
    while (lacks !== undefined && passedMs() < limitMs) {
      await delay(100);
      try {
        lacks = unconverged(await viewFleet(this.#world, 2_000), HOSTS);
      } catch (error) {
        lacks = `the fleet cannot be seen: ${String(error)}`;
      }
    }
    if (lacks !== undefined) this.#complaints.push(`${passedMs()} ms ${when}: ${lacks}`);
    this.#options.say(
      `${lacks === undefined ? 'at rest' : `not at rest (${lacks})`} ${passedMs()} ms ${when}`,
    );
    return passedMs();
  }

  async #stopAll(): Promise<void> {
    await this.#fleet.stopAll();
    const left = processesIn(this.#options.folder);
    if (left.length > 0) this.#complaints.push(`etcd processes were left behind: ${left.join('; ')}`);
  }

  /** All hosts lose power at once; later all end in order, and what the last of them kept must do for all. */
  async #restart(): Promise<void> {
    await this.#fleet.killAll();
    await this.#comeBack('all hosts had been killed and started');
    await this.#stopAll();
    await this.#comeBack('all hosts had been stopped and started');
  }

  async #comeBack(after: string): Promise<void> {
    await this.#fleet.healAll();
    await this.#waitUntilConverged(QUIET_MS, `after ${after}`);
    this.#complaints.push(...(await missing(this.#world, this.#workload.acknowledged)));
    this.#complaints.push(...(await severalClusters(this.#fleet.hosts)));
  }

  #report(formedMs: number, convergedMs: number): ChurnReport {
    return {
      complaints: this.#complaints,
      operations: this.#history.counts,
      appended: this.#workload.acknowledged.size,
      longestGapMs: Math.round(this.#workload.longestGapMs),
      formedMs,
      convergedMs,
      longestEvenMs: Math.round(this.#voters.longestEvenMs),
    };
  }
}

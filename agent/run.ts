import { addAbortListener } from 'node:events';
import { leaveTimeoutMs } from './cluster/leave.js';
import { stopGraceMs } from './deploys/app.js';
import { Follower } from './deploys/follow.js';
import { DEFAULT_KEEP_DEPLOYS, keepPruned } from './deploys/keep-pruned.js';
import { EmbdEtcd } from './embd-etcd.js';
import type { EmbdEtcdOptions } from './options.js';

/** The options of {@link EmbdEtcd}; deploys go to `releases/`, `current` and `app.log` in the prefix. */
export interface AgentOptions extends EmbdEtcdOptions {
  /** How many of the newest deploys the fleet's log keeps while this host is elected; 0: all. Default 50. */
  readonly keepDeploys?: number;
}

/**
 * The agent of one host: takes part in the elastic cluster, follows the deploy log, and decides schedules when it is
 * elected to.
 */
export class HostAgent {
  readonly #options: AgentOptions;
  readonly #etcd: EmbdEtcd;
  #follower: Follower | undefined;
  #endingSince: number | undefined;

  /** @throws AgentError `invalid` for options that cannot work. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#etcd = new EmbdEtcd(options);
    this.#etcd.validate();
  }

  /**
   * Runs until the signal aborts, then stops the app, leaves the cluster, withdraws from the World, and resolves.
   *
   * @throws AgentError, or WorldError `conflict` when another live agent has this hostname.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#etcd.init(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const failed = new AbortController();
    const leaving = new AbortController();
    const fail = (error: unknown): void => failed.abort(error);
    const over = AbortSignal.any([signal, failed.signal]);
    try {
      const cluster = this.#etcd.run(leaving.signal).catch(fail);
      const working = this.#work(over).catch(fail);
      await Promise.race([aborted(over), cluster]);
      this.#endingSince = performance.now();
      await working;
      leaving.abort(over.reason);
      await cluster;
    } finally {
      await this.#etcd.cleanup();
    }
    if (failed.signal.aborted && !signal.aborted) throw failed.signal.reason;
  }

  /** Ends everything at once: for the third ^C. */
  kill(): void {
    this.#follower?.kill();
    this.#etcd.kill();
  }

  /** How long an orderly end that is under way will still wait at most. */
  get endsWithinMs(): number {
    const { leavesWithinMs } = this.#etcd;
    if (leavesWithinMs > 0 || this.#endingSince === undefined) return leavesWithinMs;
    return Math.max(0, this.#endingSince + stopGraceMs + leaveTimeoutMs - performance.now());
  }

  /** What this host does in the World once it is known to it. */
  async #work(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#etcd.ready, aborted(signal)]);
    if (signal.aborted) return;
    const { world, converger } = this.#etcd;
    this.#follower = new Follower({ ...this.#options, world, mover: converger.mover('deploys') });
    const { keepDeploys: keep = DEFAULT_KEEP_DEPLOYS, log } = this.#options;
    const pruning = { world, keep, log, isElected: () => this.#etcd.isElected };
    await Promise.all([
      this.#follower.run(signal),
      world.schedulerRun({ signal }),
      keepPruned(pruning, signal),
    ]);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => addAbortListener(signal, () => resolve()));
}

import { onAbort, timeLimit } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import type { Client } from '../client/client.js';
import type { Leadership } from '../client/concurrency/owned-key.js';
import type { TxnOp } from '../client/txn/transaction.js';
import type { WatchItem } from '../client/watch/watch-item.js';
import { WorldError } from '../errors.js';
import { SCHEDULER_PATH } from '../keys.js';
import { splitIntoGroups } from '../split-into-groups.js';
import { decideSchedule } from './decide-schedule.js';
import { HostnameConflicts } from './hostname-conflicts.js';
import { decisionKey } from './scheduler-keys.js';
import type { StrategyRegistry } from './strategy-registry.js';
import { type Schedule, WatchedSchedules } from './watched-schedules.js';

/** How long a shutdown may take to decide once more, without the candidates that have just left. */
export const LAST_ROUND_MS = 1000;

/** etcd takes 128 operations in a transaction. */
const WRITES_AT_ONCE = 100;

export interface LeaderContext {
  readonly client: Client;
  readonly hostname: string;
  readonly strategies: StrategyRegistry;
  readonly log: Log | undefined;
}

/** Decides all schedules while this host is elected. */
export class SchedulerLeader {
  readonly #context: LeaderContext;
  readonly #leadership: Leadership;
  readonly #schedules: WatchedSchedules;
  readonly #conflicts: HostnameConflicts;
  readonly #problems = new Map<string, string>();

  constructor(context: LeaderContext, leadership: Leadership) {
    this.#context = context;
    this.#leadership = leadership;
    this.#schedules = new WatchedSchedules(context.log);
    this.#conflicts = new HostnameConflicts(leadership, context.hostname, context.log);
  }

  /** Decides until `signal` aborts or leadership is lost. */
  async serve(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const unlisten = onAbort([signal, this.#leadership.lost], () => over.abort());
    try {
      while (!over.signal.aborted) await this.#follow(over.signal);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      unlisten();
    }
    if (this.#leadership.lost.aborted) throw this.#leadership.lost.reason;
    await this.#decideAll(timeLimit(LAST_ROUND_MS));
  }

  /** Reads everything and decides, then after each burst of changes; returns when the watch had to start over. */
  async #follow(signal: AbortSignal): Promise<void> {
    const revision = await this.#decideAll(signal);
    const request = { key: SCHEDULER_PATH, prefix: true, fromRevision: revision + 1n };
    const items = this.#context.client.watch(request, { signal });
    let ended = false;
    let wake = (): void => undefined;
    const reading = this.#read(items, () => wake()).finally(() => {
      ended = true;
      wake();
    });
    // Its failure is met where it is awaited.
    reading.catch(() => undefined);
    try {
      while (!ended) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await this.#decide(this.#schedules.takeChanged(), signal);
        if (!ended) await changed;
      }
    } finally {
      await items.return?.();
      await reading;
    }
  }

  /** Keeps the schedules up to date until the watch ends or has to start over. */
  async #read(items: AsyncIterable<WatchItem>, changed: () => void): Promise<void> {
    for await (const item of items) {
      if (item.kind === 'restarted') return;
      if (item.kind === 'events') {
        await this.#conflicts.resolve(
          item.events.flatMap(({ type, entry }) => (type === 'put' ? entry : [])),
        );
        this.#schedules.apply(item.events);
      }
      changed();
    }
  }

  /** @returns the revision up to which everything is decided. */
  async #decideAll(signal: AbortSignal): Promise<bigint> {
    const { entries, revision } = await this.#context.client.list(SCHEDULER_PATH, { signal });
    await this.#conflicts.resolve(entries);
    this.#schedules.reset(entries);
    await this.#decide(this.#schedules.takeChanged(), signal);
    return revision;
  }

  async #decide(schedules: readonly Schedule[], signal: AbortSignal): Promise<void> {
    const changes = schedules.flatMap((schedule) => {
      const { hosts, problem } = decideSchedule(schedule, this.#context.strategies);
      this.#report(schedule.namespace, problem);
      const text = hosts.length === 0 ? undefined : hosts.join(',');
      return text === schedule.stored ? [] : [{ namespace: schedule.namespace, text }];
    });
    for (const group of splitIntoGroups(changes, WRITES_AT_ONCE)) await this.#store(group, signal);
  }

  /** etcd itself refuses the write of a host that is no longer the elected one, however late it arrives. */
  async #store(
    changes: readonly { readonly namespace: string; readonly text: string | undefined }[],
    signal: AbortSignal,
  ): Promise<void> {
    const success = changes.map(({ namespace, text }): TxnOp => {
      const key = decisionKey(namespace);
      return text === undefined ? { delete: key } : { put: key, value: text };
    });
    const { succeeded, revision } = await this.#context.client.txn(
      { compare: [this.#leadership.fence], success },
      { signal, repeatable: true },
    );
    if (!succeeded) throw new WorldError('conflict', 'Another host was elected to decide the schedules.');
    for (const { namespace, text } of changes) {
      this.#schedules.store(namespace, text, revision);
      this.#context.log?.('debug', `schedule ${namespace}: ${text ?? 'nobody'}`);
    }
  }

  #report(namespace: string, problem: string | undefined): void {
    if (problem !== undefined && this.#problems.get(namespace) !== problem) {
      const message = `The schedule "${namespace}" keeps its current hosts: ${problem}.`;
      this.#context.log?.('warn', message);
    }
    if (problem === undefined) this.#problems.delete(namespace);
    else this.#problems.set(namespace, problem);
  }
}

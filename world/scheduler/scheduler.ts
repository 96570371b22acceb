import { onAbort, pause } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import { cancellableIterator } from '../../base/cancellable-iterator.js';
import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';
import { absent } from '../client/txn/transaction.js';
import { WorldError } from '../errors.js';
import { SCHEDULER_PATH } from '../keys.js';
import { checkHostname } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';
import { Candidacy } from './candidacy.js';
import { followDecisions } from './follow-decisions.js';
import { runElection } from './run-election.js';
import {
  checkScheduleNamespace,
  type SchedulerOptions,
  type StoredOptions,
  toStoredOptions,
} from './schedule-options.js';
import type { ScheduledResult, ScheduleOverview, SchedulerWorld } from './scheduler-api.js';
import { candidateKey, decisionKey, parseHosts } from './scheduler-keys.js';
import { byName, type Strategy } from './strategy.js';
import { StrategyRegistry } from './strategy-registry.js';
import { WatchedSchedules } from './watched-schedules.js';

/** A candidacy is shared by all who asked for it, and goes with the last of them. */
interface SharedCandidacy {
  readonly candidacy: Candidacy;
  readonly holders: Set<object>;
}

/** Schedules: which hosts of the fleet are to do something, decided by one elected host. */
export class Scheduler implements SchedulerWorld {
  readonly #world: WorldContext;
  readonly #strategies = new StrategyRegistry();
  readonly #candidacies = new Map<string, SharedCandidacy>();
  readonly #closed = new AbortController();
  #withdrawing: Promise<unknown> | undefined;
  #deciding: { holders: number; readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  registerStrategy(name: string, strategy: Strategy): void {
    this.#strategies.register(name, strategy);
  }

  scheduler(
    namespace: string,
    options: SchedulerOptions & WatchOptions = {},
  ): AsyncIterableIterator<ScheduledResult, undefined> {
    const stored = this.#checked(namespace, options);
    return cancellableIterator((left) =>
      this.#participate(namespace, stored, [options.signal, left, this.#closed.signal]),
    );
  }

  scheduled(namespace: string, options?: WatchOptions): AsyncIterableIterator<ScheduledResult, undefined> {
    checkScheduleNamespace(namespace);
    return followDecisions(this.#world.client, namespace, options);
  }

  async schedulerAdd(
    namespace: string,
    options: SchedulerOptions & CallOptions & { readonly apply?: boolean | undefined } = {},
  ): Promise<ChangeResult> {
    const stored = this.#checked(namespace, options);
    if (options.apply === false) {
      const shared = this.#candidacies.get(namespace);
      const candidacy = shared?.candidacy ?? this.#candidacy(namespace);
      return { changed: !(await candidacy.isRegistered(stored, callOf(options))) };
    }
    const { candidacy } = this.#share(namespace, this);
    return { changed: await candidacy.register(stored, callOf(options)) };
  }

  async schedulerWithdraw(
    namespace: string,
    options: CallOptions & { readonly apply?: boolean | undefined } = {},
  ): Promise<ChangeResult> {
    checkHostname(this.#world.hostname);
    checkScheduleNamespace(namespace);
    const key = candidateKey(this.#world.hostname, namespace);
    if (options.apply === false)
      return { changed: (await this.#world.client.get(key, callOf(options))) !== undefined };
    const shared = this.#candidacies.get(namespace);
    this.#candidacies.delete(namespace);
    try {
      const { succeeded, repeated } = await this.#world.client.txn(
        { compare: [absent(key)], failure: [{ delete: key }] },
        { ...callOf(options), repeatable: true },
      );
      return { changed: !succeeded || repeated };
    } finally {
      await shared?.candidacy.close();
    }
  }

  async scheduledGet(namespace: string, options?: CallOptions): Promise<ScheduledResult> {
    checkScheduleNamespace(namespace);
    const entry = await this.#world.client.get(decisionKey(namespace), options);
    return { hosts: parseHosts(entry?.value.toString() ?? '') };
  }

  async schedules(options?: CallOptions): Promise<ScheduleOverview[]> {
    const { entries } = await this.#world.client.list(SCHEDULER_PATH, options);
    const schedules = new WatchedSchedules(this.#world.log);
    schedules.reset(entries);
    return schedules.all.map(({ namespace, decided, candidates }) => ({
      namespace,
      hosts: decided,
      candidates: [...candidates.keys()].sort(byName),
    }));
  }

  async schedulerRun({ signal }: WatchOptions = {}): Promise<void> {
    const leave = this.#decide();
    await new Promise<void>((resolve) => onAbort([signal, this.#closed.signal], resolve));
    // The last round of deciding must find our candidates gone.
    await this.#withdrawing;
    await leave();
  }

  /** Withdraws what this World's sessions hold and stops deciding, in this order; bounded and idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#withdrawing = Promise.all(
      [...this.#candidacies.values()].map(({ candidacy }) => candidacy.close()),
    );
    await this.#withdrawing;
    this.#deciding?.stop.abort();
    await this.#deciding?.done;
  }

  async *#participate(
    namespace: string,
    options: StoredOptions,
    ends: readonly (AbortSignal | undefined)[],
  ): AsyncGenerator<ScheduledResult, undefined> {
    const over = new AbortController();
    const holder = {};
    const { candidacy } = this.#share(namespace, holder);
    const stopDeciding = this.#decide();
    let left: Promise<void> | undefined;
    const leave = (): Promise<void> => {
      over.abort();
      left ??= this.#release(namespace, holder).then(stopDeciding);
      return left;
    };
    // An abort withdraws at once, also while the reader is busy with what it got last.
    const unlisten = onAbort(ends, () => void leave());
    try {
      await this.#registerWhenAvailable(candidacy, options, over.signal);
      let decided = false;
      for await (const result of followDecisions(this.#world.client, namespace, { signal: over.signal })) {
        // Before the first decision nobody is chosen; that is not a decision.
        decided ||= result.hosts.length > 0;
        if (decided) yield result;
      }
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      unlisten();
      await leave();
    }
  }

  /** Tries until etcd can be reached. */
  async #registerWhenAvailable(
    candidacy: Candidacy,
    options: StoredOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      try {
        await candidacy.register(options, { signal });
        return;
      } catch (error) {
        if (signal.aborted || !(error instanceof WorldError)) throw error;
        if (error.code !== 'unavailable' && error.code !== 'outcome-unknown') throw error;
        this.#world.log?.('debug', error.message);
        await pause(backoff.next(), signal);
      }
    }
  }

  #checked(namespace: string, options: SchedulerOptions): StoredOptions {
    checkHostname(this.#world.hostname);
    checkScheduleNamespace(namespace);
    const stored = toStoredOptions(options);
    this.#strategies.check(stored.strategy);
    return stored;
  }

  #candidacy(namespace: string): Candidacy {
    return new Candidacy(this.#world.client, candidateKey(this.#world.hostname, namespace), this.#world.log);
  }

  #share(namespace: string, holder: object): SharedCandidacy {
    const shared = this.#candidacies.get(namespace) ?? {
      candidacy: this.#candidacy(namespace),
      holders: new Set<object>(),
    };
    shared.holders.add(holder);
    this.#candidacies.set(namespace, shared);
    return shared;
  }

  async #release(namespace: string, holder: object): Promise<void> {
    const shared = this.#candidacies.get(namespace);
    if (shared?.holders.delete(holder) !== true || shared.holders.size > 0) return;
    this.#candidacies.delete(namespace);
    await shared.candidacy.close();
  }

  /** Campaigns once per World, while anything here needs it; returns a function that ends this need. */
  #decide(): () => Promise<void> {
    const stop = new AbortController();
    const context = {
      client: this.#world.client,
      hostname: this.#world.hostname,
      strategies: this.#strategies,
      log: this.#world.log,
    };
    const deciding = this.#deciding ?? { holders: 0, stop, done: runElection(context, stop.signal) };
    this.#deciding = deciding;
    deciding.holders += 1;
    return async () => {
      deciding.holders -= 1;
      if (deciding.holders > 0) return;
      if (this.#deciding === deciding) this.#deciding = undefined;
      deciding.stop.abort();
      await deciding.done;
    };
  }
}

function callOf({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

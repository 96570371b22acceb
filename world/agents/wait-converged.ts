import { addAbortListener } from 'node:events';
import { pause } from '../../base/abort.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { foldWatches } from '../client/watch/fold-watches.js';
import type { WatchItem } from '../client/watch/watch-item.js';
import { WorldError } from '../errors.js';
import { AGENTS_PREFIX, CONVERGED_PATH } from '../keys.js';
import { type Convergence, convergenceOf } from './convergence.js';

/** Whether the hosts of the fleet have converged: whether anything is still changing on them. */
export interface ConvergenceWorld {
  /** What each host last said: converged (`true`) or not (`false`). Hosts that said nothing are left out. */
  converged(options?: CallOptions): Promise<Map<string, boolean>>;
  /** Yields once the watch is set up, then once for each change or burst of changes. */
  convergedWatch(options?: WatchOptions): AsyncIterable<void>;
  /**
   * Resolves when every live agent has been converged for `quietMs`. The time is counted by this process's clock from
   * when it read that, so the call takes at least `quietMs`; no other host's clock is trusted. It starts again when an
   * agent comes, goes or writes. A converged host is not always a healthy one: a host whose deploy failed has converged
   * too. A dead host counts until its session ends.
   * @throws WorldError `not-converged` after `timeoutMs`, with what each host said; `unavailable` when the first answer
   * does not come in time. Later outages are waited out. After an abort `signal.reason`.
   */
  waitConverged(options: WaitConvergedOptions): Promise<void>;
}

const PREFIXES = [AGENTS_PREFIX, CONVERGED_PATH];

/** The longest that a timer can wait, about 24 days: an outage is waited out. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface WaitConvergedOptions {
  /** How long every host has to have been converged. */
  readonly quietMs: number;
  /** Waits for these hosts only. Default: every host with a live agent. */
  readonly hosts?: readonly string[] | undefined;
  /** Gives up after this time. Default: never. */
  readonly timeoutMs?: number | undefined;
  /** How long the first answer may take. Default 10,000. */
  readonly answerTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** As {@link ConvergenceWorld.waitConverged}. */
export async function waitConverged(client: Client, options: WaitConvergedOptions): Promise<void> {
  const { quietMs, hosts, timeoutMs, answerTimeoutMs, signal } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  using _ = signal && addAbortListener(signal, () => over.abort());
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => over.abort(), timeoutMs);
  const wait = new ConvergenceWait(client, over.signal, hosts);
  try {
    await wait.run(quietMs, answerTimeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    if (!over.signal.aborted) throw error;
    throw notConverged(wait.newest, timeoutMs ?? 0);
  } finally {
    clearTimeout(timer);
    over.abort();
    await wait.ended;
  }
}

class ConvergenceWait {
  /** What was read last. */
  newest: Convergence | undefined;
  ended: Promise<unknown> = Promise.resolve();
  readonly #client: Client;
  readonly #over: AbortSignal;
  readonly #hosts: readonly string[] | undefined;
  #changed = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(client: Client, over: AbortSignal, hosts?: readonly string[]) {
    this.#client = client;
    this.#over = over;
    this.#hosts = hosts;
  }

  async run(quietMs: number, answerTimeoutMs: number | undefined): Promise<void> {
    let current = await this.#read(answerTimeoutMs);
    this.ended = this.#watch();
    for (let since = performance.now(); ; ) {
      const leftMs = since + quietMs - performance.now();
      if (current.isComplete && leftMs <= 0) return;
      await pause(current.isComplete ? leftMs : LONGEST_TIMER_MS, this.#changed.signal, this.#over);
      if (this.#failure !== undefined) throw this.#failure.error;
      const hasChanged = this.#changed.signal.aborted;
      this.#changed = new AbortController();
      // Read even when the watch was silent: a change may be on its way, and an outage does not count as converged.
      const newer = await this.#read(LONGEST_TIMER_MS);
      if (hasChanged || newer.signature !== current.signature) since = performance.now();
      current = newer;
    }
  }

  async #read(timeoutMs: number | undefined): Promise<Convergence> {
    const { entries } = await this.#client.listTogether(PREFIXES, { signal: this.#over, timeoutMs });
    this.newest = convergenceOf(entries.filter((entry) => this.#concerns(entry)));
    return this.newest;
  }

  #concerns({ key }: KeyValue): boolean {
    if (this.#hosts === undefined) return true;
    return this.#hosts.some((host) => PREFIXES.some((prefix) => key === `${prefix}${host}`));
  }

  async #watch(): Promise<void> {
    const requests = PREFIXES.map((key) => ({ key, prefix: true }));
    try {
      const fold = {
        apply: (item: WatchItem) =>
          item.kind !== 'events' || item.events.some(({ entry }) => this.#concerns(entry)),
        value: () => undefined,
      };
      for await (const _ of foldWatches(this.#client, requests, { signal: this.#over }, fold))
        this.#changed.abort();
    } catch (error) {
      this.#failure = { error };
      this.#changed.abort();
    }
  }
}

function notConverged(newest: Convergence | undefined, timeoutMs: number): WorldError {
  const hosts = Object.fromEntries([...(newest?.hosts ?? [])].filter(([, state]) => state !== 'converged'));
  const named = Object.entries(hosts).map(([host, state]) =>
    state === 'silent' ? `${host} has not said whether it has` : `${host} has not converged`,
  );
  const why =
    named.length > 0
      ? named.join(', ')
      : newest?.hosts.size === 0
        ? 'no agent is running'
        : 'all hosts have converged, but not for long enough yet';
  const message = `The fleet did not converge within ${timeoutMs / 1000} s: ${why}.`;
  return new WorldError('not-converged', message, { hosts });
}

import { addAbortListener } from 'node:events';
import { pause } from '../../base/abort.js';
import type { Client } from '../client/client.js';
import { follow } from '../client/watch/fold.js';
import { WorldError } from '../errors.js';
import { AGENTS_PREFIX, CONVERGED_PATH } from '../keys.js';
import { type Convergence, convergenceOf } from './convergence.js';

const PREFIXES = [AGENTS_PREFIX, CONVERGED_PATH];

/** As long as a timer can wait, about 24 days: an outage is waited out. */
const PATIENT_MS = 2 ** 31 - 1;

export interface WaitConvergedOptions {
  /** How long the whole fleet is to have been at rest. */
  readonly quietMs: number;
  /** Gives up after so long. Default: never. */
  readonly timeoutMs?: number;
  /** How long the first answer may take. Default 10,000. */
  readonly answerTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Resolves when every agent that lives has said without a break for `quietMs` that it has come to rest. The time is counted by
 * this process's clock from when it read that, so the call takes at least `quietMs`; no other host's clock is trusted. An
 * agent that comes or goes, or that writes anything, starts the count afresh. Converged does not say that all went well: a
 * host whose deploy failed has come to rest too. A host that died counts for as long as its session lives.
 *
 * @throws WorldError `not-converged` after `timeoutMs`, with what keeps each host; `unavailable` when the first answer does
 * not come in time. Later outages are waited out.
 */
export async function waitConverged(client: Client, options: WaitConvergedOptions): Promise<void> {
  const { quietMs, timeoutMs, answerTimeoutMs, signal } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  using _ = signal && addAbortListener(signal, () => over.abort());
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => over.abort(), timeoutMs);
  const wait = new RestWait(client, over.signal);
  try {
    await wait.run(quietMs, answerTimeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    if (!over.signal.aborted) throw error;
    throw notConverged(wait.rest, timeoutMs ?? 0);
  } finally {
    clearTimeout(timer);
    over.abort();
    await wait.ended;
  }
}

class RestWait {
  /** The newest that was read. */
  rest: Convergence | undefined;
  ended: Promise<unknown> = Promise.resolve();
  readonly #client: Client;
  readonly #over: AbortSignal;
  #news = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(client: Client, over: AbortSignal) {
    this.#client = client;
    this.#over = over;
  }

  async run(quietMs: number, answerTimeoutMs: number | undefined): Promise<void> {
    let rest = await this.#read(answerTimeoutMs);
    this.ended = this.#watch();
    for (let since = performance.now(); ; ) {
      const leftMs = since + quietMs - performance.now();
      if (rest.isComplete && leftMs <= 0) return;
      await pause(rest.isComplete ? leftMs : PATIENT_MS, this.#news.signal, this.#over);
      if (this.#failure !== undefined) throw this.#failure.error;
      const isNews = this.#news.signal.aborted;
      this.#news = new AbortController();
      // Read even when the watch was silent: what it has not brought yet is seen here, and an outage is no rest.
      const newer = await this.#read(PATIENT_MS);
      if (isNews || newer.signature !== rest.signature) since = performance.now();
      rest = newer;
    }
  }

  async #read(timeoutMs: number | undefined): Promise<Convergence> {
    const options = { signal: this.#over, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const { entries } = await this.#client.listTogether(PREFIXES, options);
    this.rest = convergenceOf(entries);
    return this.rest;
  }

  async #watch(): Promise<void> {
    const requests = PREFIXES.map((key) => ({ key, prefix: true }));
    try {
      const fold = { apply: () => true, value: () => undefined };
      for await (const _ of follow(this.#client, requests, { signal: this.#over }, fold)) this.#news.abort();
    } catch (error) {
      this.#failure = { error };
      this.#news.abort();
    }
  }
}

function notConverged(rest: Convergence | undefined, timeoutMs: number): WorldError {
  const hosts = Object.fromEntries([...(rest?.hosts ?? [])].filter(([, state]) => state !== 'converged'));
  const named = Object.entries(hosts).map(([host, state]) =>
    state === 'moving' ? `${host} still moves` : `${host} says nothing of it`,
  );
  const why =
    named.length > 0
      ? named.join(', ')
      : rest?.hosts.size === 0
        ? 'no agent lives'
        : 'all hosts are at rest, but not for long enough yet';
  const message = `The fleet did not come to rest within ${timeoutMs / 1000} s: ${why}.`;
  return new WorldError('not-converged', message, { hosts });
}

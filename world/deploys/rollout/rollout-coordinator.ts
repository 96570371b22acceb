import { onAbort, pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import { Notify } from '../../../base/notify.js';
import type { Client } from '../../client/client.js';
import { campaign } from '../../client/concurrency/election.js';
import { WorldError } from '../../errors.js';
import { ROLLOUTS_ELECTION } from '../../keys.js';
import type { WantedDeploys } from '../wanted/wanted-deploys.js';
import { leadRollouts } from './lead-rollouts.js';

/** A host that decides and is gone is followed by another after this time. */
const ELECTION_TTL_SECONDS = 5;

/** So many hosts of a deploy campaign at once; a fleet of thousands needs no more. */
const CANDIDATES = 3;

/** How long the others wait, at least, before they look whether there are candidates; at most three times as long. */
const STAND_IN_MS = 5_000;

/** Between tries while etcd refuses, as when it is full. */
const LONGEST_PAUSE_MS = 5_000;

export interface RolloutCoordinatorOptions {
  readonly client: Client;
  /** What others see of the elected host. */
  readonly hostname: string;
  readonly log: Log | undefined;
  /** For tests: how long hosts wait that are not among the first of a deploy. Default 5 s. */
  readonly standInMs?: number | undefined;
}

/**
 * Takes part in deciding on the deploys of the fleet: one host is elected to admit hosts, to take back what failed, and to write
 * verdicts, and only while there is something to decide. Whoever follows it goes on from what is stored.
 */
export class RolloutCoordinator {
  readonly #options: RolloutCoordinatorOptions;
  readonly #news = new Notify();
  #open: WantedDeploys['open'] = [];
  #revision = 0n;
  #decided = new AbortController();

  constructor(options: RolloutCoordinatorOptions) {
    this.#options = options;
  }

  /** Tells it which deploys are not decided. Call it after each change. */
  look({ open, revision }: Pick<WantedDeploys, 'open' | 'revision'>): void {
    this.#open = open;
    this.#revision = revision;
    if (open.length === 0) this.#decided.abort();
    else if (this.#decided.signal.aborted) this.#decided = new AbortController();
    this.#news.notify();
  }

  /** Takes part until the signal aborts or the client is closed; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ maxMs: LONGEST_PAUSE_MS });
    while (!signal.aborted) {
      if (this.#open.length === 0) {
        await this.#news.wait(undefined, signal);
        continue;
      }
      try {
        await this.#takePart(signal);
        backoff.reset();
      } catch (error) {
        if (error instanceof WorldError && error.code === 'closed') return;
        this.#options.log?.('debug', `Cannot decide on deploys for now: ${String(error)}`);
        await pause(backoff.next(), signal);
      }
    }
  }

  async #takePart(signal: AbortSignal): Promise<void> {
    const { client, hostname, log } = this.#options;
    const over = new AbortController();
    const unlisten = onAbort([signal, this.#decided.signal], () => over.abort());
    try {
      if (!(await this.#isNeeded(over.signal))) return;
      const options = { ttlSeconds: ELECTION_TTL_SECONDS, signal: over.signal };
      await using leadership = await campaign(client, ROLLOUTS_ELECTION, hostname, options);
      log?.('debug', `${hostname} was elected to decide on deploys`);
      const revision = await leadRollouts({ client, leadership, log }, signal);
      // What was told before that is out of date.
      if (this.#revision <= revision) this.#open = [];
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      unlisten();
    }
  }

  /** Waits until this host has to campaign. @returns false when there is nothing to decide any more */
  async #isNeeded(signal: AbortSignal): Promise<boolean> {
    let lookMs = performance.now() + this.#patienceMs();
    while (!signal.aborted) {
      if (this.#isAmongFirst) return true;
      const leftMs = lookMs - performance.now();
      if (leftMs > 0) await this.#news.wait(leftMs, signal);
      else {
        if (!(await this.#hasCandidates(signal))) return true;
        lookMs = performance.now() + 2 * this.#patienceMs();
      }
    }
    return false;
  }

  /** Different for each host, so that they do not all come at once. */
  #patienceMs(): number {
    return (this.#options.standInMs ?? STAND_IN_MS) * (1 + 2 * Math.random());
  }

  get #isAmongFirst(): boolean {
    return this.#open.some(({ place }) => place !== undefined && place < CANDIDATES);
  }

  async #hasCandidates(signal: AbortSignal): Promise<boolean> {
    const get = { get: `${ROLLOUTS_ELECTION}/`, prefix: true, countOnly: true };
    const { replies } = await this.#options.client.txn({ success: [get] }, { signal, repeatable: true });
    return (replies[0]?.count ?? 0) > 0;
  }
}

import type { Log } from '../../../base/log.js';
import { FleetGuard, type FleetGuardOptions } from '../fleet/fleet-guard.js';
import { WatchMultiplexer } from '../watch/watch-multiplexer.js';
import { type Dialling, EndpointSet } from './endpoint-set.js';
import { LastRevision } from './last-revision.js';

const BULK_LANES = 4;

export interface ConnectionLanesOptions {
  readonly endpoints: readonly string[];
  readonly dialling: Dialling;
  /** The fleet to keep to; without it any answer is accepted. */
  readonly fleet?: Pick<FleetGuardOptions, 'key' | 'fleet'> | undefined;
  readonly log: Log | undefined;
}

/** The connections of a client and its views: one for small calls and watches, others for bulk transfers. */
export class ConnectionLanes {
  readonly small: EndpointSet;
  readonly watches: WatchMultiplexer;
  readonly lastRevision = new LastRevision();
  readonly fleet: FleetGuard | undefined;
  /** Leases of sessions that ended while etcd was unreachable. */
  readonly unrevoked = new Set<string>();
  readonly log: Log | undefined;
  readonly #dialling: Dialling;
  readonly #closed = new AbortController();
  #endpoints: readonly string[];
  /** Each is made when it is first needed. */
  readonly #bulk: EndpointSet[] = [];
  #nextBulk = 0;
  readonly #wide: EndpointSet[] = [];
  #isWidened = false;

  constructor({ endpoints, dialling, fleet, log }: ConnectionLanesOptions) {
    this.log = log;
    this.#endpoints = endpoints;
    this.#dialling = dialling;
    const closed = this.#closed.signal;
    this.fleet = fleet && new FleetGuard({ ...fleet, closed, log });
    this.small = new EndpointSet(endpoints, 'small', dialling);
    this.watches = new WatchMultiplexer({ endpoints: this.small, closed, fleet: this.fleet, log });
  }

  /** The lane for a bulk call; round robin. */
  bulk(): EndpointSet {
    if (this.#closed.signal.aborted) return this.small;
    // Beside lanes with a way of their own, one that shares the first: several there would only share what it carries.
    const lanes = this.#wide.length === 0 ? BULK_LANES : 1;
    const lane = this.#nextBulk % (lanes + this.#wide.length);
    this.#nextBulk = lane + 1;
    const wide = this.#wide[lane - lanes];
    if (wide !== undefined) return wide;
    this.#bulk[lane] ??= new EndpointSet(this.#endpoints, `bulk ${lane}`, this.#dialling);
    return this.#bulk[lane];
  }

  /** How many lanes {@link bulk} takes in turns. */
  get bulkLanes(): number {
    return this.#wide.length === 0 ? BULK_LANES : this.#wide.length + 1;
  }

  /** Adds lanes with ways of their own as soon as those are open, if there are any; once. */
  widen(): void {
    if (this.#isWidened || this.#closed.signal.aborted) return;
    this.#isWidened = true;
    this.#dialling.moreWays?.((endpoints) => {
      if (this.#closed.signal.aborted) return;
      // Where its way fails, a lane goes on by the first one.
      const all = [...endpoints, ...this.#endpoints];
      this.#wide.push(new EndpointSet(all, `wide ${this.#wide.length}`, this.#dialling));
    });
  }

  get canBeWidened(): boolean {
    return this.#dialling.moreWays !== undefined && !this.#isWidened;
  }

  replace(endpoints: readonly string[]): void {
    for (const set of [this.small, ...this.#bulk, ...this.#wide]) set.replace(endpoints);
    this.#endpoints = endpoints;
  }

  close(): void {
    this.#closed.abort();
    for (const set of [this.small, ...this.#bulk, ...this.#wide]) set.close();
  }
}

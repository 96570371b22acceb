import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import { type FleetIdentity, parseFleet, serialiseFleet } from '../../fleet/fleet-identity.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { rpcAt } from '../calls/rpc.js';
import { classifyFailure, isServiceError } from '../error/classify.js';
import type { Fence, FenceBroken } from './fence.js';
import {
  agreed,
  describeSighting,
  type FleetMatch,
  type KnownFleet,
  matchSighting,
  type Sighting,
} from './fleet-match.js';

/** How long one endpoint may take to say which fleet it is of. */
const ANSWER_TIMEOUT_MS = 4000;

/** How long the other endpoints may take when the first has answered: twice as long as it did, within these bounds. */
const MIN_GRACE_MS = 100;
const MAX_GRACE_MS = 1000;

/** An endpoint that turned out to be of another fleet; nothing was changed there. */
export class OtherFleetError extends Error {
  readonly url: string;
  /** Which fleet it is of, for people. */
  readonly described: string;

  constructor(connection: EndpointConnection, sighting: KnownFleet) {
    super(`${connection.url} is of another fleet`);
    this.url = connection.url;
    this.described = `${connection.describe().name} is of ${describeSighting(sighting)}`;
  }
}

interface SeenAt extends Sighting {
  readonly connection: EndpointConnection;
  readonly value: Buffer | undefined;
}

export interface FleetGuardOptions {
  /** The key that says which fleet it is, as etcd stores it. */
  readonly key: Buffer;
  /** The fleet that it is to be. Default: the one that is met first. */
  readonly fleet?: FleetIdentity | undefined;
  readonly closed: AbortSignal;
  readonly log: Log | undefined;
}

/**
 * Keeps a client to one fleet. Each endpoint is asked once for its fleet, beside the first call that is made there; every
 * write compares that; every answer must come from the fleet's cluster.
 */
export class FleetGuard {
  readonly #options: FleetGuardOptions;
  readonly #asked = new Map<EndpointConnection, Promise<void>>();
  readonly #warned = new Set<string>();
  #known: KnownFleet;
  #fence: Fence | undefined;
  #hasMet = false;
  /** Endpoints that were asked since more became known of the fleet. */
  #current = new WeakSet<EndpointConnection>();

  constructor(options: FleetGuardOptions) {
    this.#options = options;
    this.#known = { clusterId: undefined, fleet: options.fleet };
    if (options.fleet !== undefined) this.#fence = this.#fenceOf(options.fleet);
  }

  /** The fleet, as far as it is known; undefined for a cluster that does not say. */
  get fleet(): FleetIdentity | undefined {
    return this.#known.fleet;
  }

  /** What writes compare. */
  get fence(): Fence | undefined {
    return this.#fence;
  }

  /** For people. */
  get described(): string {
    return describeSighting(this.#known);
  }

  /** From now on it is to be this fleet. */
  know(fleet: FleetIdentity): void {
    this.#known = { clusterId: this.#known.clusterId, fleet };
    this.#fence = this.#fenceOf(fleet);
    this.#current = new WeakSet();
  }

  /** Whether a write must wait until the endpoint has been asked: it has nothing to compare yet. */
  get isUnmet(): boolean {
    return !this.#hasMet && this.#fence === undefined;
  }

  /**
   * Asks an endpoint for its fleet, once; undefined where that was done.
   * @throws StrangeFleet; WorldError `other-fleet` when the endpoints of the set are of different fleets; ServiceError
   */
  admit(connection: EndpointConnection, set: EndpointSet): Promise<void> | undefined {
    if (this.#current.has(connection)) return undefined;
    const before = this.#asked.get(connection);
    if (before !== undefined) return before;
    const asking = this.#ask(connection, set).finally(() => this.#asked.delete(connection));
    asking.catch(() => undefined); // whoever waits for it gets the failure
    this.#asked.set(connection, asking);
    return asking;
  }

  /** The endpoint is asked again before anything that it says is believed. */
  forget(connection: EndpointConnection): void {
    this.#current.delete(connection);
  }

  /** Whether an answer is from the cluster of the fleet. */
  accepts(answer: unknown): boolean {
    const { fleet, clusterId } = this.#known;
    const { header } = Object(answer) as { readonly header?: { readonly cluster_id?: string } };
    if (fleet === undefined || clusterId === undefined || header?.cluster_id === undefined) return true;
    return header.cluster_id === clusterId;
  }

  /** Looks at what a write found instead of the fleet. @throws StrangeFleet unless it may be tried again */
  broken(connection: EndpointConnection, { header, found }: FenceBroken): void {
    const fleet = found && parseFleet(found);
    this.#take({ connection, clusterId: header.cluster_id, fleet, value: found });
  }

  async #ask(connection: EndpointConnection, set: EndpointSet): Promise<void> {
    const others = this.isUnmet ? set.connections.filter((other) => other !== connection) : [];
    const begunAt = performance.now();
    const asked = others.map((other) => this.#look(other).catch(() => undefined)); // it may be out of reach
    const seen = await this.#look(connection);
    if (seen === undefined) {
      this.#current.add(connection);
      return;
    }
    const graceMs = 2 * (performance.now() - begunAt);
    const rest = await settledWithin(asked, Math.min(Math.max(graceMs, MIN_GRACE_MS), MAX_GRACE_MS));
    const sightings = [seen, ...rest.filter((one) => one !== undefined)];
    const chosen = this.isUnmet ? agreed(sightings) : seen;
    if (chosen === undefined) throw severalFleets(sightings);
    if (this.isUnmet) this.#take(chosen);
    this.#take(seen);
  }

  /** Undefined where etcd refuses to say, to a user who may not read the key. */
  async #look(connection: EndpointConnection): Promise<SeenAt | undefined> {
    const { key, closed } = this.#options;
    try {
      const token = await connection.login.token(connection.host);
      const rpc = rpcAt(connection.host, {
        signals: [closed],
        deadline: Date.now() + ANSWER_TIMEOUT_MS,
        token,
      });
      const { header, kvs } = await rpc.kv.range({ key });
      const value = kvs[0]?.value;
      return { connection, clusterId: header.cluster_id, fleet: value && parseFleet(value), value };
    } catch (error) {
      if (isServiceError(error) && classifyFailure(error).outcome === 'refused') return undefined;
      throw error;
    }
  }

  #take(seen: SeenAt): void {
    const match: FleetMatch = matchSighting(this.#known, seen);
    if (match === 'other') throw this.#otherFleet(seen);
    if (match === 'adopt') this.#adopt(seen);
    // As it is stored: whoever wrote it may have written the same in another form, or something that names no fleet.
    this.#fence = { key: this.#options.key, value: seen.value };
    this.#hasMet = true;
    this.#current.add(seen.connection);
  }

  #adopt({ clusterId, fleet }: SeenAt): void {
    const before = this.#known.fleet;
    if (before !== undefined && fleet !== undefined && fleet.generation > before.generation)
      this.#options.log?.(
        'info',
        `The fleet was recovered: going on with ${describeSighting({ clusterId, fleet })}.`,
      );
    this.#known = { clusterId, fleet };
    this.#current = new WeakSet();
  }

  #otherFleet(seen: SeenAt): OtherFleetError {
    const otherFleet = new OtherFleetError(seen.connection, seen);
    if (!this.#warned.has(otherFleet.described)) {
      this.#warned.add(otherFleet.described);
      this.#options.log?.('warn', `${otherFleet.described}, not of ${this.described}: it is not used.`);
    }
    return otherFleet;
  }

  #fenceOf(fleet: FleetIdentity): Fence {
    return { key: this.#options.key, value: Buffer.from(serialiseFleet(fleet)) };
  }
}

function severalFleets(sightings: readonly SeenAt[]): WorldError {
  const each = sightings.map((seen) => `${seen.connection.describe().name} is of ${describeSighting(seen)}`);
  const message = `The endpoints are of different fleets: ${each.join('; ')}. Nothing was done: name the endpoints of one fleet only, or say which fleet is meant (--fleet-id).`;
  return new WorldError('other-fleet', message, { endpoint: sightings[0]?.connection.url });
}

/** Those that have settled when the time is over, or all. */
async function settledWithin<T>(tasks: readonly Promise<T>[], ms: number): Promise<T[]> {
  const done: T[] = [];
  if (tasks.length === 0) return done;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.all(tasks.map(async (task) => done.push(await task))), late]);
  clearTimeout(timer);
  return [...done];
}

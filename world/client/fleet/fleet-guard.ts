import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import { compareFleets } from '../../fleet/compare-fleets.js';
import { type FleetIdentity, parseFleet, serialiseFleet } from '../../fleet/identity-codec.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { rpcAt } from '../calls/etcd-rpc.js';
import { classifyFailure, isServiceError } from '../error/classify-failure.js';
import {
  agreed,
  describeSighting,
  type FleetMatch,
  type KnownFleet,
  matchFleet,
  type Sighting,
} from './match-fleet.js';
import type { Fence, FenceBroken } from './write-fence.js';

/** How long one endpoint may take to name its fleet. */
const ANSWER_TIMEOUT_MS = 4000;

/** How long the other endpoints may take after the first has answered: twice its time, within these bounds. */
const MIN_GRACE_MS = 100;
const MAX_GRACE_MS = 1000;

/** The endpoint belongs to another fleet; nothing was changed there. */
export class OtherFleetError extends Error {
  readonly url: string;
  /** The endpoint and its fleet, for messages. */
  readonly described: string;

  constructor(connection: EndpointConnection, sighting: KnownFleet) {
    super(`${connection.url} belongs to another fleet`);
    this.url = connection.url;
    this.described = `${connection.describe().name} belongs to ${describeSighting(sighting)}`;
  }
}

interface SeenAt extends Sighting {
  readonly connection: EndpointConnection;
  readonly value: Buffer | undefined;
}

export interface FleetGuardOptions {
  /** The key that names the fleet, as stored in etcd. */
  readonly key: Buffer;
  /** The fleet to keep to. Default: the first one that answers. */
  readonly fleet?: FleetIdentity | undefined;
  readonly closed: AbortSignal;
  readonly log: Log | undefined;
}

/**
 * Restricts a client to one fleet. Each endpoint is asked once for its fleet, in parallel with the first call there;
 * every write compares the fleet; every answer must come from the fleet's cluster.
 */
export class FleetGuard {
  readonly #options: FleetGuardOptions;
  readonly #asked = new Map<EndpointConnection, Promise<void>>();
  readonly #warned = new Set<string>();
  #known: KnownFleet;
  #fence: Fence | undefined;
  #hasMet = false;
  /** Endpoints that were asked since the fleet last became better known. */
  #current = new WeakSet<EndpointConnection>();

  constructor(options: FleetGuardOptions) {
    this.#options = options;
    this.#known = { clusterId: undefined, fleet: options.fleet };
    if (options.fleet !== undefined) this.#fence = this.#fenceOf(options.fleet);
  }

  /** The fleet, as far as known; undefined for a cluster that names none. */
  get fleet(): FleetIdentity | undefined {
    return this.#known.fleet;
  }

  /** What every write compares. */
  get fence(): Fence | undefined {
    return this.#fence;
  }

  /** The fleet, for messages. */
  get described(): string {
    return describeSighting(this.#known);
  }

  /** Binds the client to this fleet. */
  know(fleet: FleetIdentity): void {
    const { fleet: before, clusterId } = this.#known;
    // A new generation may be another cluster of etcd: one that was restored.
    const isSame = before === undefined || compareFleets(before, fleet) === 'same';
    this.#known = { clusterId: isSame ? clusterId : undefined, fleet };
    this.#fence = this.#fenceOf(fleet);
    this.#current = new WeakSet();
  }

  /** Whether a write must wait until an endpoint was asked, because there is nothing to compare yet. */
  get isUnmet(): boolean {
    return !this.#hasMet && this.#fence === undefined;
  }

  /**
   * Asks an endpoint for its fleet, once; undefined if that was done.
   * @throws OtherFleetError; WorldError `other-fleet` if the endpoints of the set belong to different fleets; ServiceError
   */
  admit(connection: EndpointConnection, set: EndpointSet): Promise<void> | undefined {
    if (this.#current.has(connection)) return undefined;
    const before = this.#asked.get(connection);
    if (before !== undefined) return before;
    const asking = this.#ask(connection, set).finally(() => this.#asked.delete(connection));
    asking.catch(() => undefined); // the failure goes to those who await it
    this.#asked.set(connection, asking);
    return asking;
  }

  /** The endpoint is asked again before its answers are trusted. */
  forget(connection: EndpointConnection): void {
    this.#current.delete(connection);
  }

  /** Whether an answer comes from the fleet's cluster. */
  accepts(answer: unknown): boolean {
    const { fleet, clusterId } = this.#known;
    const { header } = Object(answer) as { readonly header?: { readonly cluster_id?: string } };
    if (fleet === undefined || clusterId === undefined || header?.cluster_id === undefined) return true;
    return header.cluster_id === clusterId;
  }

  /** Looks at what a write found instead of the fleet. @throws OtherFleetError unless it may be retried */
  handleBroken(connection: EndpointConnection, { header, found }: FenceBroken): void {
    const fleet = found && parseFleet(found);
    this.#take({ connection, clusterId: header.cluster_id, fleet, value: found });
  }

  async #ask(connection: EndpointConnection, set: EndpointSet): Promise<void> {
    const others = this.isUnmet ? set.connections.filter((other) => other !== connection) : [];
    const begunAt = performance.now();
    const asked = others.map((other) => this.#look(other).catch(() => undefined)); // it may be unreachable
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

  /** Undefined if the user may not read the key. */
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
    const match: FleetMatch = matchFleet(this.#known, seen);
    if (match === 'other') throw this.#otherFleet(seen);
    if (match === 'adopt') this.#adopt(seen);
    // Exactly as stored: another program may have written it in another form, or something that names no fleet.
    this.#fence = { key: this.#options.key, value: seen.value };
    this.#hasMet = true;
    this.#current.add(seen.connection);
  }

  #adopt({ clusterId, fleet }: SeenAt): void {
    const before = this.#known.fleet;
    if (before !== undefined && fleet !== undefined && fleet.generation > before.generation)
      this.#options.log?.(
        'info',
        `The fleet was recovered: continuing with ${describeSighting({ clusterId, fleet })}.`,
      );
    this.#known = { clusterId, fleet };
    this.#current = new WeakSet();
  }

  #otherFleet(seen: SeenAt): OtherFleetError {
    const otherFleet = new OtherFleetError(seen.connection, seen);
    if (!this.#warned.has(otherFleet.described)) {
      this.#warned.add(otherFleet.described);
      this.#options.log?.('warn', `${otherFleet.described}, not to ${this.described}: ignoring it.`);
    }
    return otherFleet;
  }

  #fenceOf(fleet: FleetIdentity): Fence {
    return { key: this.#options.key, value: Buffer.from(serialiseFleet(fleet)) };
  }
}

function severalFleets(sightings: readonly SeenAt[]): WorldError {
  const each = sightings.map(
    (seen) => `${seen.connection.describe().name} belongs to ${describeSighting(seen)}`,
  );
  const message = `The endpoints belong to different fleets: ${each.join('; ')}. Nothing was done: give the endpoints of one fleet only, or choose the fleet (--fleet-id).`;
  return new WorldError('other-fleet', message, { endpoint: sightings[0]?.connection.url });
}

/** The results available after `ms`, or all as soon as the last one is. */
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

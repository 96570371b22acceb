import { WorldError } from '../../errors.js';
import type { Call } from '../calls/call.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { type RpcOptions, rpcAt } from '../calls/rpc.js';
import { untilDeadline } from '../calls/until-deadline.js';
import type { CallFailure } from '../error/classify.js';
import { FenceBroken } from './fence.js';
import { type FleetGuard, OtherFleetError } from './fleet-guard.js';

/** How long an endpoint of another fleet is left alone. */
export const OTHER_FLEET_AVOID_MS = 10_000;

/** One try of a call at one endpoint. */
export interface Attempt<T> {
  readonly call: Call<T>;
  readonly connection: EndpointConnection;
  /** Whether anything of the call itself was sent. */
  isSent: boolean;
}

/** The answer came from another cluster than the one that the endpoint led to before. */
class OtherClusterError extends Error {}

/** Sends a call as its guarding says. Without a `fleet` whatever answers is taken. */
export async function send<T>(
  fleet: FleetGuard | undefined,
  set: EndpointSet,
  attempt: Attempt<T>,
  limits: RpcOptions,
): Promise<T> {
  const { call, connection } = attempt;
  const { fleetCheck = 'beside' } = call;
  const guard = fleetCheck === 'none' ? undefined : fleet;
  if (fleetCheck === 'before') guard?.forget(connection);
  const isCompared = fleetCheck === 'fenced' && guard?.fence !== undefined;
  const asked = isCompared ? undefined : untilDeadline(guard?.admit(connection, set), limits);
  if (fleetCheck !== 'beside') await asked;
  attempt.isSent = true;
  const [value] = await Promise.all([call.run(rpcAt(connection.host, limits), guard?.fence), asked]);
  if (fleetCheck !== 'fenced' && guard?.accepts(value) === false) throw new OtherClusterError();
  return value;
}

/** Of an attempt of which nothing was sent. */
export function unsent(failure: CallFailure): CallFailure {
  return failure.outcome === 'unknown' ? { ...failure, outcome: 'not-sent', code: 'unavailable' } : failure;
}

/** What a call tries, for messages. */
interface Named {
  readonly what: string;
  readonly key?: string | undefined;
}

/** The endpoints of other fleets that one call came by. */
export class OtherFleets {
  readonly #fleet: FleetGuard | undefined;
  readonly #set: EndpointSet;
  readonly #met = new Map<string, OtherFleetError>();

  constructor(fleet: FleetGuard | undefined, set: EndpointSet) {
    this.#fleet = fleet;
    this.#set = set;
  }

  /**
   * Whether an attempt failed only because its endpoint is of another fleet, so that another is to be tried, or because
   * more is known of the fleet than when it was sent.
   * @param deadline ms since the epoch
   * @throws WorldError `other-fleet` when there is no other endpoint; `unavailable` when the time is over
   */
  passesBy(error: unknown, { call, connection }: Attempt<unknown>, deadline: number): boolean {
    const fleet = this.#fleet;
    if (fleet === undefined) return false;
    const other = found(fleet, connection, error);
    if (!(other instanceof OtherFleetError) && other !== undefined) return false;
    if (other !== undefined) this.#met.set(connection.url, other);
    if (Date.now() >= deadline) throw this.#unsettled(call);
    if (other === undefined) return true;
    this.#set.avoid(connection, { ms: OTHER_FLEET_AVOID_MS });
    const others = call.connection === undefined ? this.#set.connections : [];
    if (others.every(({ url }) => this.#met.has(url))) throw this.explain(call, other);
    return true;
  }

  #unsettled({ what, key }: Named): WorldError {
    const message = `Could not ${what}: which fleet the endpoints are of kept changing. Nothing was changed.`;
    return this.explain({ what, key }, new WorldError('unavailable', message, { key }));
  }

  /** Why a call came to nothing where some of the endpoints are of another fleet; else the cause itself. */
  explain({ what, key }: Named, cause: OtherFleetError | WorldError): WorldError {
    const [first] = this.#met.values();
    if (cause instanceof WorldError && (first === undefined || cause.code !== 'unavailable')) return cause;
    const each = [...this.#met.values()].map(({ described }) => described).join('; ');
    const rest = cause instanceof WorldError ? ' No other endpoint answered.' : '';
    const message =
      `Could not ${what}: ${each}, not of ${this.#fleet?.described ?? 'the one in use'}.${rest} ` +
      'Nothing was changed there. Give the endpoints of the right fleet.';
    return new WorldError('other-fleet', message, { key, endpoint: first?.url, cause });
  }
}

/** What a failure says of the fleet: undefined where the call may be tried again with what is known now. */
function found(fleet: FleetGuard, connection: EndpointConnection, error: unknown): unknown {
  if (error instanceof OtherClusterError) return fleet.forget(connection);
  if (!(error instanceof FenceBroken)) return error;
  try {
    fleet.broken(connection, error);
    return undefined;
  } catch (other) {
    return other;
  }
}

import { WorldError } from '../../errors.js';
import type { Call } from '../calls/call.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { type RpcOptions, rpcAt } from '../calls/rpc.js';
import { within } from '../calls/within.js';
import type { CallFailure } from '../error/classify.js';
import { FenceBroken } from './fence.js';
import { type FleetGuard, StrangeFleet } from './fleet-guard.js';

/** How long an endpoint of another fleet is left alone. */
export const STRANGER_MS = 10_000;

/** One try of a call at one endpoint. */
export interface Attempt<T> {
  readonly call: Call<T>;
  readonly peer: EndpointConnection;
  /** Whether anything of the call itself was sent. */
  isSent: boolean;
}

/** The answer came from another cluster than the one that the endpoint led to before. */
class OtherCluster extends Error {}

/** Sends a call as its guarding says. Without a `fleet` whatever answers is taken. */
export async function send<T>(
  fleet: FleetGuard | undefined,
  set: EndpointSet,
  attempt: Attempt<T>,
  ends: RpcOptions,
): Promise<T> {
  const { call, peer } = attempt;
  const { guarding = 'beside' } = call;
  const guard = guarding === 'none' ? undefined : fleet;
  if (guarding === 'before') guard?.forget(peer);
  const isCompared = guarding === 'fenced' && guard?.fence !== undefined;
  const asked = isCompared ? undefined : within(guard?.admit(peer, set), ends);
  if (guarding !== 'beside') await asked;
  attempt.isSent = true;
  const [value] = await Promise.all([call.run(rpcAt(peer.host, ends), guard?.fence), asked]);
  if (guarding !== 'fenced' && guard?.accepts(value) === false) throw new OtherCluster();
  return value;
}

/** Of an attempt of which nothing was sent. */
export function unsent(verdict: CallFailure): CallFailure {
  return verdict.outcome === 'unknown' ? { ...verdict, outcome: 'not-sent', code: 'unavailable' } : verdict;
}

/** What a call tries, for messages. */
interface Named {
  readonly what: string;
  readonly key?: string | undefined;
}

/** The endpoints of other fleets that one call came by. */
export class Strangers {
  readonly #fleet: FleetGuard | undefined;
  readonly #set: EndpointSet;
  readonly #met = new Map<string, StrangeFleet>();

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
  passesBy(error: unknown, { call, peer }: Attempt<unknown>, deadline: number): boolean {
    const fleet = this.#fleet;
    if (fleet === undefined) return false;
    const strange = found(fleet, peer, error);
    if (!(strange instanceof StrangeFleet) && strange !== undefined) return false;
    if (strange !== undefined) this.#met.set(peer.url, strange);
    if (Date.now() >= deadline) throw this.#unsettled(call);
    if (strange === undefined) return true;
    this.#set.avoid(peer, { ms: STRANGER_MS });
    const others = call.peer === undefined ? this.#set.peers : [];
    if (others.every(({ url }) => this.#met.has(url))) throw this.explain(call, strange);
    return true;
  }

  #unsettled({ what, key }: Named): WorldError {
    const message = `Could not ${what}: which fleet the endpoints are of kept changing. Nothing was changed.`;
    return this.explain({ what, key }, new WorldError('unavailable', message, { key }));
  }

  /** Why a call came to nothing where some of the endpoints are of another fleet; else the cause itself. */
  explain({ what, key }: Named, cause: StrangeFleet | WorldError): WorldError {
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
function found(fleet: FleetGuard, peer: EndpointConnection, error: unknown): unknown {
  if (error instanceof OtherCluster) return fleet.forget(peer);
  if (!(error instanceof FenceBroken)) return error;
  try {
    fleet.broken(peer, error);
    return undefined;
  } catch (strange) {
    return strange;
  }
}

import { WorldError } from '../../errors.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { type FleetGuard, OtherFleetError } from './fleet-guard.js';
import type { Attempt } from './send-with-fleet-check.js';
import { OtherClusterError } from './send-with-fleet-check.js';
import { FenceBroken } from './write-fence.js';

/** How long an endpoint of another fleet is avoided. */
export const OTHER_FLEET_AVOID_MS = 10_000;

/** What a call does, for messages. */
interface Named {
  readonly what: string;
  readonly key?: string | undefined;
}

/** The endpoints of other fleets that one call has tried. */
export class OtherFleets {
  readonly #fleet: FleetGuard | undefined;
  readonly #set: EndpointSet;
  readonly #met = new Map<string, OtherFleetError>();

  constructor(fleet: FleetGuard | undefined, set: EndpointSet) {
    this.#fleet = fleet;
    this.#set = set;
  }

  /**
   * Whether an attempt failed only because its endpoint belongs to another fleet, so that another endpoint should be
   * tried, or because more is known about the fleet than when it was sent.
   * @param deadline ms since the epoch
   * @throws WorldError `other-fleet` if there is no other endpoint; `unavailable` after the deadline
   */
  shouldRetry(error: unknown, { call, connection }: Attempt<unknown>, deadline: number): boolean {
    const fleet = this.#fleet;
    if (fleet === undefined) return false;
    const other = learn(fleet, connection, error);
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
    const message = `Could not ${what}: the fleet behind the endpoints kept changing. Nothing was changed.`;
    return this.explain({ what, key }, new WorldError('unavailable', message, { key }));
  }

  /** Why a call failed, if some of its endpoints belong to another fleet; otherwise `cause` itself. */
  explain({ what, key }: Named, cause: OtherFleetError | WorldError): WorldError {
    const [first] = this.#met.values();
    if (cause instanceof WorldError && (first === undefined || cause.code !== 'unavailable')) return cause;
    const each = [...this.#met.values()].map(({ described }) => described).join('; ');
    const rest = cause instanceof WorldError ? ' No other endpoint answered.' : '';
    const message =
      `Could not ${what}: ${each}, not to ${this.#fleet?.described ?? 'the one in use'}.${rest} ` +
      'Nothing was changed there. Give the endpoints of the right fleet.';
    return new WorldError('other-fleet', message, { key, endpoint: first?.url, cause });
  }
}

/** The error that remains after the guard has learnt from it; undefined if the call may be retried. */
function learn(fleet: FleetGuard, connection: EndpointConnection, error: unknown): unknown {
  if (error instanceof OtherClusterError) return fleet.forget(connection);
  if (!(error instanceof FenceBroken)) return error;
  try {
    fleet.handleBroken(connection, error);
    return undefined;
  } catch (other) {
    return other;
  }
}

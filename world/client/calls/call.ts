import type { Fence } from '../fleet/fence.js';
import type { RequestSize } from '../txn/txn-size.js';
import type { EndpointConnection } from './endpoint-set.js';
import type { Rpc } from './rpc.js';

/**
 * How a call may be repeated after a failure that leaves its outcome unknown: `read` and `repeatable` calls
 * as often as needed, a `once` call never, because a second application could be seen.
 */
export type CallKind = 'read' | 'repeatable' | 'once';

/**
 * How a call keeps to the fleet:
 * - `beside`: the endpoint is asked for its fleet beside it, and its answer counts only if it is the right one.
 * - `fenced`: it compares the fleet itself; it waits for nothing but the first word of which fleet it is.
 * - `before`: the endpoint is asked each time, first: for what changes a cluster and can compare nothing.
 * - `none`: it asks how one server is, whatever it belongs to.
 */
export type FleetCheck = 'beside' | 'fenced' | 'before' | 'none';

export interface Call<T> {
  readonly kind: CallKind;
  /** What is tried, to complete "Could not …", such as `read /strings/x`. */
  readonly what: string;
  readonly key?: string | undefined;
  /** How large the request is, for when it is too large. */
  readonly size?: (() => RequestSize) | undefined;
  /** Asks this endpoint only. */
  readonly connection?: EndpointConnection | undefined;
  /** Whether a server that sees no leader may answer; default false. */
  readonly leaderless?: boolean | undefined;
  /** Default `beside`. */
  readonly fleetCheck?: FleetCheck | undefined;
  /** @param fence what a `fenced` call has to compare. */
  run(rpc: Rpc, fence: Fence | undefined): Promise<T>;
}

export interface Answer<T> {
  readonly value: T;
  /** An earlier attempt's answer was lost: it may have been applied before this one. */
  readonly repeated: boolean;
}

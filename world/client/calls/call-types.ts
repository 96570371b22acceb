import type { Fence } from '../fleet/write-fence.js';
import type { RequestSize } from '../txn/txn-size.js';
import type { EndpointConnection } from './endpoint-set.js';
import type { Rpc } from './etcd-rpc.js';

/**
 * Whether a call may be repeated after a failure that leaves its outcome unknown: `read` and `repeatable` calls as often
 * as needed, a `once` call never, because applying it twice would be visible.
 */
export type CallKind = 'read' | 'repeatable' | 'once';

/**
 * How a call makes sure that it reaches the right fleet:
 * - `beside`: the endpoint is asked for its fleet in parallel, and the answer counts only if that is the right one.
 * - `fenced`: the call itself compares the fleet; it waits only until the fleet is known at all.
 * - `before`: the endpoint is asked first, each time: for cluster changes, which cannot compare anything.
 * - `none`: no check, for the status of a single server whatever its fleet.
 */
export type FleetCheck = 'beside' | 'fenced' | 'before' | 'none';

export interface Call<T> {
  readonly kind: CallKind;
  /** Completes "Could not …" in errors, such as `read /strings/x`. */
  readonly what: string;
  readonly key?: string | undefined;
  /** The size of the request, for the error when it is too large. */
  readonly size?: (() => RequestSize) | undefined;
  /** The only endpoint to use. Default: any of the set. */
  readonly connection?: EndpointConnection | undefined;
  /** Whether a server without a leader may answer; default false. */
  readonly leaderless?: boolean | undefined;
  /** Default `beside`. */
  readonly fleetCheck?: FleetCheck | undefined;
  /** @param fence what a `fenced` call must compare. */
  run(rpc: Rpc, fence: Fence | undefined): Promise<T>;
}

export interface Answer<T> {
  readonly value: T;
  /** The answer to an earlier attempt was lost: that attempt may have been applied before this one. */
  readonly repeated: boolean;
}

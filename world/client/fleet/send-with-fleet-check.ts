import type { Call } from '../calls/call-types.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import type { RpcOptions } from '../calls/etcd-rpc.js';
import { rpcAt } from '../calls/etcd-rpc.js';
import type { CallFailure } from '../error/classify-failure.js';
import type { FleetGuard } from './fleet-guard.js';
import { untilFleetKnown } from './until-fleet-known.js';

/** One try of a call at one endpoint. */
export interface Attempt<T> {
  readonly call: Call<T>;
  readonly connection: EndpointConnection;
  /** Whether the call itself was sent. */
  isSent: boolean;
}

/** The answer came from a different cluster than this endpoint's previous answers. */
export class OtherClusterError extends Error {}

/** Sends a call with its fleet check. Without a `fleet`, any answer is accepted. */
export async function sendWithFleetCheck<T>(
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
  const asked = isCompared ? undefined : untilFleetKnown(guard?.admit(connection, set), limits);
  if (fleetCheck !== 'beside') await asked;
  attempt.isSent = true;
  const [value] = await Promise.all([call.run(rpcAt(connection.host, limits), guard?.fence), asked]);
  if (fleetCheck !== 'fenced' && guard?.accepts(value) === false) throw new OtherClusterError();
  return value;
}

/** The failure of an attempt that was not sent. */
export function unsent(failure: CallFailure): CallFailure {
  return failure.outcome === 'unknown' ? { ...failure, outcome: 'not-sent', code: 'unavailable' } : failure;
}

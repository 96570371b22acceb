import type { CallOptions } from '../call-options.js';
import { CLIENT_DIAL_TIMEOUT_MS } from '../constants.js';
import { WorldError } from '../errors.js';
import { FLEET_KEY } from '../keys.js';
import type { Client } from './client.js';

/**
 * Waits until an endpoint of the client's fleet has answered.
 * @throws WorldError `unavailable` if none has within `timeoutMs`; `other-fleet`; `permission-denied` if etcd does not
 * know the user.
 */
export async function untilFleetAnswers(client: Client, call: CallOptions): Promise<void> {
  try {
    await client.get(FLEET_KEY, { ...call, timeoutMs: call.timeoutMs ?? CLIENT_DIAL_TIMEOUT_MS });
  } catch (error) {
    if (!mayNotRead(error)) throw error;
  }
}

/** etcd knows the user but does not let it read this key: that is an answer too. */
function mayNotRead(error: unknown): boolean {
  return (
    error instanceof WorldError &&
    error.code === 'permission-denied' &&
    error.reason?.endsWith('permission denied') === true
  );
}

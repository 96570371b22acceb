import { pause } from '../../../base/abort.js';
import type { Log } from '../../../base/log.js';
import { forgetHost } from '../../../world/agents/fleet-hosts.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';

const POLL_MS = 500;

/** Longer than the session of an agent that died. */
const FORGET_TIMEOUT_MS = 30_000;

const LEAVE_TIMEOUT_MS = 30_000;

interface Limits {
  readonly signal: AbortSignal;
}

/**
 * Makes sure that a host whose agent has left is no member of the cluster any more.
 * @throws CliError `no-quorum` where the others did not take it out
 */
export async function untilNoMember(world: ClientWorld, host: string, { signal }: Limits): Promise<void> {
  const until = performance.now() + LEAVE_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const members = await world.members({ signal }).catch(passUnavailable(signal));
    if (members?.every(({ name }) => name !== host)) return;
    if (performance.now() > until) {
      const message = `${host} has stopped, but is still a member of the cluster: the others did not take it out. Check with "hawser members"; to remove it anyway, pass --force.`;
      throw new CliError('no-quorum', message);
    }
    await pause(POLL_MS, signal);
  }
}

/** Removes the member of a host that is gone. Etcd itself refuses that where the others would have no majority. */
export async function removeMember(world: ClientWorld, host: string, { signal }: Limits): Promise<void> {
  const member = (await world.members({ signal })).find(({ name }) => name === host);
  if (member === undefined) return;
  await world.client.cluster.memberRemove(member.id, { signal }).catch((error: unknown) => {
    if (!(error instanceof WorldError) || error.code !== 'not-found') throw error;
  });
}

/** Removes a host from the fleet's own record, as soon as its agent counts as gone. */
export async function forgetGoneHost(world: ClientWorld, host: string, { signal }: Limits): Promise<void> {
  const until = performance.now() + FORGET_TIMEOUT_MS;
  for (;;) {
    try {
      return await forgetHost(world.client, host, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WorldError) || performance.now() > until) throw error;
      if (error.code === 'not-found') return;
      if (error.code !== 'conflict' && error.code !== 'unavailable') throw error;
    }
    await pause(POLL_MS, signal);
  }
}

/** Removes a host that has been taken out of the cluster's records as far as the others can still agree on anything. */
export async function forgetByForce(
  world: ClientWorld,
  host: string,
  { log, signal }: Limits & { readonly log: Log },
): Promise<void> {
  try {
    await removeMember(world, host, { signal });
    await forgetGoneHost(world, host, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WorldError)) throw error;
    const message = `${host} is still a member of the cluster, which has no majority without it: ${error.message} To go on with the hosts that are left, see "hawser members recover".`;
    log('warn', message);
  }
}

function passUnavailable(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    signal.throwIfAborted();
    if (error instanceof WorldError && error.code === 'unavailable') return undefined;
    throw error;
  };
}

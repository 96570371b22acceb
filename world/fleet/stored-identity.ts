import { randomUUID } from 'node:crypto';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { absent, unchangedSince } from '../client/txn/transaction.js';
import { WorldError } from '../errors.js';
import { FLEET_KEY } from '../keys.js';
import { type FleetIdentity, parseFleet, serialiseFleet } from './identity-codec.js';

/**
 * The identity of the fleet; undefined if its cluster has none, such as mgmt's or a plain etcd.
 * @throws WorldError `invalid` when the stored value is not an identity.
 */
export async function getFleet(client: Client, options?: CallOptions): Promise<FleetIdentity | undefined> {
  const found = await client.get(FLEET_KEY, options);
  if (found === undefined) return undefined;
  const fleet = parseFleet(found.value);
  if (fleet === undefined) throw unreadableIdentity();
  return fleet;
}

/**
 * Gives the fleet an identity, if it has none. Only the maker of its cluster does this, never a client.
 * @param wanted its former identity, if known. Default: a new one.
 * @returns its identity, whichever process made it.
 */
export async function makeFleet(
  client: Client,
  wanted: FleetIdentity = { uuid: randomUUID(), generation: 1 },
  options: CallOptions = {},
): Promise<FleetIdentity> {
  const { succeeded, replies } = await client.txn(
    {
      compare: [absent(FLEET_KEY)],
      success: [{ put: FLEET_KEY, value: serialiseFleet(wanted) }],
      failure: [{ get: FLEET_KEY }],
    },
    { ...options, repeatable: true },
  );
  const found = replies[0]?.entries[0]?.value;
  const fleet = succeeded ? wanted : found && parseFleet(found);
  if (fleet === undefined) throw unreadableIdentity();
  client.knowFleet(fleet);
  return fleet;
}

/**
 * Continues the fleet with a new generation: its former cluster is refused from now on.
 * @param former the fleet's identity where the store holds an older one, or that of another fleet.
 * @returns its new identity.
 */
export async function raiseGeneration(
  client: Client,
  options: CallOptions = {},
  former?: FleetIdentity,
): Promise<FleetIdentity> {
  for (;;) {
    const found = await client.get(FLEET_KEY, options);
    const before = found && parseFleet(found.value);
    const generation = Math.max(before?.generation ?? 0, former?.generation ?? 0) + 1;
    const next = { uuid: former?.uuid ?? before?.uuid ?? randomUUID(), generation };
    const compare = found === undefined ? absent(FLEET_KEY) : unchangedSince(found);
    const success = [{ put: FLEET_KEY, value: serialiseFleet(next) }];
    // Raising twice does no harm: after a lost answer it starts again from what is stored then.
    const { succeeded } = await client.txn({ compare: [compare], success }, { ...options, repeatable: true });
    if (!succeeded) continue;
    client.knowFleet(next);
    return next;
  }
}

function unreadableIdentity(): WorldError {
  const message = `The key ${FLEET_KEY} does not hold the identity of a fleet: it was probably changed by hand. Correct or delete it.`;
  return new WorldError('invalid', message, { key: FLEET_KEY });
}

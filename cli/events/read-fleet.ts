import type { Client } from '../../world/client/client.js';
import type { KeyValue } from '../../world/client/key-value.js';
import { WorldError } from '../../world/errors.js';
import { oldestRevision } from '../../world/history/oldest-revision.js';
import { stillToCome } from '../../world/history/read-history.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import type { Beginning } from './event-fold.js';
import { KEPT_PREFIXES, KeptFleet } from './kept-fleet.js';

/** The fleet as it is. */
export async function readFleet(client: Client, call: ReadCall): Promise<Beginning> {
  const { entries, revision } = await client.listTogether(KEPT_PREFIXES, call);
  return { fleet: await keep(client, entries, revision, call), revision };
}

/**
 * The fleet as it was just before a revision.
 *
 * @throws WorldError `compacted` if etcd has forgotten that; `invalid` for a revision that is still to come
 */
export async function readFleetBefore(client: Client, from: bigint, call: ReadCall): Promise<Beginning> {
  const now = await client.listTogether(KEPT_PREFIXES, call);
  if (from > now.revision + 1n) throw stillToCome(from, now.revision);
  const revision = from - 1n;
  const pastUpTo = now.entries.reduce(
    (most, { modRevision }) => (modRevision > most ? modRevision : most),
    0n,
  );
  // To etcd no revision is the newest.
  if (revision === 0n) return { fleet: new KeptFleet(), revision, pastUpTo };
  try {
    const listings = await Promise.all(
      KEPT_PREFIXES.map((prefix) => client.list(prefix, { ...call, revision })),
    );
    const entries = listings.flatMap((listing) => listing.entries);
    return { fleet: await keep(client, entries, revision, call), revision, pastUpTo };
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
    throw forgottenBefore(from, await oldestRevision(client, now.revision, call));
  }
}

/** The first changes that can be told are those after the oldest revision that etcd remembers. */
function forgottenBefore(from: bigint, oldest: bigint): WorldError {
  const first = oldest + 1n;
  const message = `etcd no longer remembers what changed at revision ${from}: it forgets after about an hour. Go on with "--from ${first}", the oldest that it remembers, or without --from; "hawser status --json" shows what became of the fleet meanwhile.`;
  return new WorldError('compacted', message, { revision: first });
}

/** With the newest entry of each app as of the same revision. */
async function keep(
  client: Client,
  entries: readonly KeyValue[],
  revision: bigint,
  call: ReadCall,
): Promise<KeptFleet> {
  const fleet = new KeptFleet();
  for (const { key, value } of entries) fleet.apply({ key, value });
  const newest = await Promise.all(fleet.newestEntries.map((key) => client.get(key, { ...call, revision })));
  for (const entry of newest) if (entry !== undefined) fleet.apply({ key: entry.key, value: entry.value });
  return fleet;
}

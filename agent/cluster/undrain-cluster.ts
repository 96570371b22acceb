import type { ClientWorld, Log } from '../../world/internal.js';
import { CLUSTER_SIZE_PREFIX } from '../../world/internal.js';
import { idealSizeReader } from './members/ideal-size-reader.js';
import type { DataFolder } from './server/data-folder.js';

const TIMEOUT_MS = 60_000;

/**
 * Removes the size 0 that drained the cluster, once the host with its data restarts.
 *
 * @throws WorldError `unavailable` if its server does not serve within a minute.
 */
export async function undrainCluster(
  world: ClientWorld,
  folder: DataFolder,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if ((await idealSizeReader(world, log)({ signal, timeoutMs: TIMEOUT_MS })) === 0)
    await world.client.del(`${CLUSTER_SIZE_PREFIX}idealclustersize`, {
      signal,
      timeoutMs: TIMEOUT_MS,
      repeatable: true,
    });
  await folder.setDrained(false);
  log('info', 'the drained cluster is back with its data, and grows again');
}

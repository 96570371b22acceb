import { once } from 'node:events';
import { chmod, chown, mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import path from 'node:path';
import { aborted, pause } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import type { Log } from '../../world/internal.js';
import { shareSocketFolder } from '../cluster/server/addresses/share-socket-folder.js';
import { listenExclusively } from '../control/listen-exclusively.js';
import { AgentError } from '../errors.js';
import { findGroup } from '../options/find-group.js';
import { checkFolderOwner } from '../prefix/check-folder-owner.js';
import { metricsServer } from './metrics-server.js';
import { formatMetricsAddress, type MetricsAddress, parseMetricsAddress } from './parse-metrics-address.js';

/** Before an address that cannot be had is tried again. */
const RETRY_PAUSES = { firstMs: 500, maxMs: 30_000, jitter: false };

export interface ServedMetrics {
  /** As given: see {@link parseMetricsAddress}. */
  readonly addresses: readonly string[];
  /** A group whose members may connect to sockets. Default: only the agent's own user. */
  readonly socketGroup?: string | undefined;
  /** Makes the page. */
  readonly read: () => Promise<string>;
  readonly log: Log;
}

/** Serves the metrics of this host until the signal aborts. An address that cannot be had stops nothing: it is tried again. */
export async function serveMetrics(served: ServedMetrics, signal: AbortSignal): Promise<void> {
  await Promise.all(served.addresses.map((text) => serveAt(parseMetricsAddress(text), served, signal)));
}

async function serveAt(
  address: MetricsAddress,
  { socketGroup, read, log }: ServedMetrics,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(RETRY_PAUSES);
  for (let logged = ''; !signal.aborted; ) {
    const server = metricsServer(read);
    try {
      await listen(server, address, socketGroup, signal);
      const readers = address.kind === 'port' ? ', to every local user of this host' : '';
      log('info', `metrics are served at ${formatMetricsAddress(address)}${readers}`);
      await aborted(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      const why = (error as Error).message;
      if (why !== logged)
        log('error', `cannot serve metrics at ${formatMetricsAddress(address)}: ${why} Trying again.`);
      logged = why;
    } finally {
      server.close();
      server.closeAllConnections();
    }
    await pause(backoff.next(), signal);
  }
}

async function listen(
  server: Server,
  address: MetricsAddress,
  group: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (address.kind === 'port') {
    server.listen({ host: address.host, port: address.port, exclusive: true });
    await once(server, 'listening', { signal });
    return;
  }
  const gid = group === undefined ? undefined : await findGroup(group);
  const folder = path.dirname(address.path);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (group !== undefined && gid !== undefined) await shareSocketFolder(folder, { name: group, gid });
  checkFolderOwner(folder);
  if (!(await listenExclusively(server, address.path, { secret: `metrics ${address.path}`, signal })))
    throw new AgentError('in-use', `Another process listens at ${address.path}.`);
  await chmod(address.path, gid === undefined ? 0o600 : 0o660);
  if (gid !== undefined) await chown(address.path, process.geteuid?.() ?? 0, gid);
}

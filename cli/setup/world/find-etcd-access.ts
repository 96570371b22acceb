import { onAbort, timeLimit } from '../../../base/abort.js';
import { TunnelError } from '../../../tunnel/errors.js';
import type { WayKind } from '../../bridge/etcd-access.js';
import type { HostShell } from '../host/host-shell.js';
import { PATHS } from '../service/service-paths.js';
import { firstThatServes } from './first-that-serves.js';

/** For one way. */
const TRY_MS = 5_000;

/** Longer than any agent takes to serve. */
const SERVES_WITHIN_MS = 120_000;

/**
 * Finds out by trying how the etcd of a host is entered, unless that is known. An abort rejects with `signal.reason`.
 *
 * @returns undefined where no way leads there, perhaps because no etcd runs there now
 */
export async function findWay(
  { tunnel, way }: Pick<HostShell, 'tunnel' | 'way'>,
  signal: AbortSignal,
): Promise<WayKind | undefined> {
  if (way.kind !== undefined) return way.kind;
  if (await leadsBy('socket')) return 'socket';
  if (!(await leadsBy('bridge'))) return undefined;
  // An etcd that began to serve between the two looks as if only the bridge led there.
  if (await leadsBy('socket')) return 'socket';
  way.kind = 'bridge';
  return 'bridge';

  async function leadsBy(kind: WayKind): Promise<boolean> {
    way.kind = kind;
    if (await leadsThere(tunnel, signal)) return true;
    way.kind = undefined;
    return false;
  }
}

/** Finds it as soon as the host's etcd serves. Disposing of it ends the search. */
export function findWayOnceServing(shell: HostShell, signal: AbortSignal): Disposable {
  const over = new AbortController();
  const unlisten = onAbort([signal], () => over.abort(signal.reason));
  const search = async (): Promise<void> => {
    await firstThatServes([shell], { timeoutMs: SERVES_WITHIN_MS, signal: over.signal });
    await findWay(shell, over.signal);
  };
  // Whoever needs the way says what is wrong.
  search().catch(() => undefined);
  return {
    [Symbol.dispose]: () => {
      unlisten();
      over.abort();
    },
  };
}

async function leadsThere(tunnel: HostShell['tunnel'], signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, timeLimit(TRY_MS)]);
  try {
    await tunnel.tryConnect({ socketPath: PATHS.socket }, { signal: limit });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TunnelError) && !limit.aborted) throw error;
    return false;
  }
}

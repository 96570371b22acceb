import { pause } from '../../../base/abort.js';
import { CLIENT_PORT } from '../facts/facts-script.js';
import type { HostShell } from '../host/host-shell.js';
import { PATHS } from '../service/service-paths.js';

const POLL_MS = 500;

/** How long the first server may take to serve after its host was started again. */
export const SERVES_AGAIN_MS = 20_000;

/** For one look. */
const LOOK_MS = 5_000;

/** Arguments: port, socket. A server that was killed leaves its socket behind, but nothing listens on its port. */
const SERVES = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
hex=$(printf ':%04X' "$1")
[ -S "$2" ] && awk -v hex="$hex" '
  $4 == "0A" && substr($2, length($2) - 4) == hex { found = 1 }
  END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
`;

type Shell = Pick<HostShell, 'run'>;

/**
 * Waits until the etcd of one of the hosts can be entered. A tunnel that is opened before then may lead through a host that
 * never runs etcd, and stays with it.
 *
 * @param options.timeoutMs how long to wait; the hosts are asked once in any case
 * @returns the first that answered so, undefined where none did in time; a host that cannot be asked does not count
 */
export async function firstThatServes<T extends Shell>(
  shells: readonly T[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await Promise.any(shells.map((shell) => serving(shell, signal))).catch(() => undefined);
    signal.throwIfAborted();
    if (found !== undefined || performance.now() > until) return found;
    await pause(POLL_MS, signal);
  }
}

async function serving<T extends Shell>(shell: T, signal: AbortSignal): Promise<T> {
  const args = [String(CLIENT_PORT), PATHS.socket];
  const { code } = await shell.run(SERVES, { args, timeoutMs: LOOK_MS, signal });
  if (code !== 0) throw new Error('It does not serve.');
  return shell;
}

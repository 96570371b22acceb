import { CliError } from '../../errors.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { HostShell } from '../host/host-shell.js';

const TIMEOUT_MS = 600_000;

/**
 * Installs etcd by the host's package manager, without starting a service of it. Argument: the package manager. The last
 * line is where etcd is.
 */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
case $1 in
  apt)
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    get() { apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$1"; }
    get etcd-server || { apt-get update -q; get etcd-server || get etcd; } || exit 1 ;;
  dnf) dnf install -y etcd || exit 1 ;;
  zypper) zypper --non-interactive install etcd || exit 1 ;;
  pacman) pacman -S --noconfirm etcd || exit 1 ;;
  apk) apk add etcd || exit 1 ;;
esac
if [ -d /run/systemd/system ]; then
  systemctl disable --now etcd.service >/dev/null 2>&1
else
  # The package enabled it for the next start of the host, whatever its init is.
  systemctl disable etcd.service >/dev/null 2>&1 || update-rc.d etcd disable >/dev/null 2>&1
fi
command -v etcd
`;

/** The package that has etcd's server, as the plan names it. */
export function etcdPackage(manager: NonNullable<HostFacts['packageManager']>): string {
  return manager === 'apt' ? 'etcd-server' : 'etcd';
}

/**
 * Installs etcd from the host's own packages; a service that the package brings is disabled.
 *
 * @returns the path of the program
 * @throws CliError `failed` with the package manager's last words
 */
export async function installEtcdPackage(
  shell: Pick<HostShell, 'name' | 'run'>,
  manager: NonNullable<HostFacts['packageManager']>,
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await shell.run(INSTALL, {
    args: [manager],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const path = stdout.trim().split('\n').at(-1) ?? '';
  if (code === 0 && path.startsWith('/')) return path;
  const why = stderr.trim().split('\n').slice(-3).join(' ').slice(-500) || `the command ended with ${code}`;
  const message = `Could not install etcd on ${shell.name} with ${manager}: ${why}. Install it there by hand, then run the command again.`;
  throw new CliError('failed', message);
}

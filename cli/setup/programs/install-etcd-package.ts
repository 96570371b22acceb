import type { HostFacts } from '../facts/host-facts.js';
import type { HostShell } from '../host/host-shell.js';

/** Includes waiting for another run of the package manager. */
const TIMEOUT_MS = 900_000;

/** The oldest etcd that agents run. */
const OLDEST_ETCD = [3, 4] as const;

/**
 * Installs etcd by the host's package manager if that has one which is new enough, without starting a service of it. Argument: the package manager. The last two
 * lines are where etcd is, and its version. The policy that keeps Debian from starting it speaks of etcd alone, for one that a
 * crash of the host leaves behind, and the next run knows it by its second line.
 */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
case $1 in
  apt)
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ] || [ "$(sed -n 2p "$policy")" = '# hawser' ]; then
      # A shell that a signal ends, as when the connection is cut, does nothing at EXIT.
      trap 'exit 1' HUP INT TERM PIPE
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
      printf '%s\\n' '#!/bin/sh' '# hawser' 'case $1 in etcd|etcd.service) exit 101 ;; esac' >"$policy"
      chmod 755 "$policy"
    fi
    found() {
      for name in etcd-server etcd; do
        candidate=$(apt-cache policy "$name" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
        case $candidate in '' | '(none)') ;; *) return 0 ;; esac
      done
      return 1
    }
    get() {
      apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$name"
    }
    found || { apt-get update -q 2>/dev/null; found; } || { echo 'apt finds no package of etcd' >&2; exit 1; }
    case $candidate in [0-2].* | 3.[0-3].*) echo "its package $name is $candidate" >&2; exit 1 ;; esac
    get || { apt-get update -q; get; } || exit 1 ;;
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
etcd=/usr/bin/etcd
[ -x $etcd ] || etcd=$(command -v etcd) || exit 1
echo "$etcd"
"$etcd" --version | head -n 1
`;

/** Whether agents can run an etcd of this version. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_ETCD[0] || (major === OLDEST_ETCD[0] && minor >= OLDEST_ETCD[1]);
}

/** The package that has etcd's server, as the plan names it. */
export function etcdPackage(manager: NonNullable<HostFacts['packageManager']>): string {
  return manager === 'apt' ? 'etcd-server' : 'etcd';
}

/** What came of it: the path of the program, or why there is none that hawser can run. */
export type PackageOutcome =
  | { readonly path: string }
  | {
      /** A sentence without its full stop, in the host's words. */
      readonly failure: string;
      /** Whether a package was installed all the same. */
      readonly isInstalled: boolean;
    };

/** Installs etcd from the host's own packages; a service that the package brings is disabled. */
export async function installEtcdPackage(
  shell: Pick<HostShell, 'name' | 'run'>,
  manager: NonNullable<HostFacts['packageManager']>,
  signal: AbortSignal,
): Promise<PackageOutcome> {
  const { code, stdout, stderr } = await shell.run(INSTALL, {
    args: [manager],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const [path = '', said = ''] = stdout.trim().split('\n').slice(-2);
  const [, version] = /^etcd Version: (\d+\.\d+\.\d+)/.exec(said) ?? [];
  const failed = `${shell.name} got no etcd from ${manager}`;
  if (code === 0 && path.startsWith('/') && version !== undefined) {
    if (isNewEnough(version)) return { path };
    return { failure: `${failed} that is new enough: it is ${version}`, isInstalled: true };
  }
  const words = stderr.trim().split('\n').slice(-3).join(' ').slice(-500).replace(/\.$/, '');
  return { failure: `${failed}: ${words || `the command ended with ${code}`}`, isInstalled: false };
}

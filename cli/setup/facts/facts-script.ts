import { BOOT_STARTER_SCRIPT } from '../service/detect-init-system.js';
import { APP_USER, GROUP } from '../service/service-paths.js';

/** Where etcd serves clients. */
export const CLIENT_PORT = 2379;

/** The ports that etcd listens on. */
export const ETCD_PORTS = [CLIENT_PORT, 2380] as const;

/** How much of one value is read. */
const MOST_BYTES = 20_000;

/**
 * Says what the host is, one fact a line as `name base64`, so that no value can pass for another fact. Argument: ports,
 * separated by spaces. It runs as root and changes nothing.
 */
export const FACTS_SCRIPT = `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
say() { printf '%s ' "$1"; head -c ${MOST_BYTES} | base64 | tr -d '\\n'; echo; }
fact() { printf '%s' "$2" | say "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
${BOOT_STARTER_SCRIPT}

# The address that SSH came in by: sudo hides it from us, but not from root.
entered() {
  pid=$$
  for _ in 1 2 3 4 5 6; do
    found=$(tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p' | cut -d ' ' -f 3)
    [ -n "$found" ] && { printf '%s' "$found"; return; }
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
    [ "\${pid:-0}" -gt 1 ] || return
  done
}

fact clock "$(date +%s)"
fact hostname "$(cat /proc/sys/kernel/hostname)"
fact machine "$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/1/ns/mnt || readlink /proc/self/ns/mnt)"
fact entered "$(entered)"
fact architecture "$(uname -m)"
fact system "$(uname -s)"
[ -r /etc/os-release ] && (. /etc/os-release; fact os-id "$ID"; fact os-version "$VERSION_ID"; fact os-name "$PRETTY_NAME")
fact glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
for one in /lib/ld-musl-*; do [ -e "$one" ] && fact musl "$one"; done
fact boot-starter "$(boot_starter)"
for one in apt-get dnf zypper pacman apk; do has $one && { fact packages $one; break; }; done
free() { d=$1; while [ ! -d "$d" ]; do d=\${d%/*}; d=\${d:-/}; done; df -Pk "$d" | awk 'NR == 2 { print $4 }'; }
fact free-opt "$(free /opt/hawser)"
fact free-var "$(free /var/lib/hawser)"
for one in /opt /etc /var/lib /run; do
  d=$one; while [ ! -d "$d" ]; do d=\${d%/*}; d=\${d:-/}; done
  [ -w "$d" ] || fact read-only "$one"
done
fact memory "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
if has ip; then ip -o addr show scope global 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }' | say addresses
else fact addresses "$(hostname -I 2>/dev/null)"; fi
for port in $1; do
  hex=$(printf ':%04X' "$port")
  awk -v hex="$hex" '$4 == "0A" && substr($2, length($2) - 4) == hex { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null && fact taken "$port"
done
if has etcd; then fact etcd "$(command -v etcd)"; fact etcd-version "$(etcd --version 2>/dev/null | head -n 1)"; fi
for one in /opt/hawser/etcd/*/etcd; do
  [ -x "$one" ] && { fact sent-etcd "$one"; fact sent-etcd-version "$("$one" --version 2>/dev/null | head -n 1)"; break; }
done
has systemctl && fact etcd-service "$(systemctl is-active etcd.service 2>/dev/null)"
if has node; then fact node "$(command -v node)"; fact node-version "$(node --version 2>/dev/null | head -n 1)"; fi
fact group "$(getent group ${GROUP})"
getent passwd ${APP_USER} >/dev/null && fact app-user yes
[ -e /opt/hawser/install.json ] && say record </opt/hawser/install.json
fact release "$(readlink /opt/hawser/current 2>/dev/null)"
[ -e /var/lib/hawser/fleet.json ] || [ -d /var/lib/hawser/etcd/data/member/wal ] && fact data yes
[ -r /etc/hawser/tls/host.crt ] && say certificate </etc/hawser/tls/host.crt
[ -r /etc/hawser/tls/ca.crt ] && say trusted </etc/hawser/tls/ca.crt
if [ -d /run/systemd/system ]; then
  # A service that ends again and again is "activating" between two starts.
  [ "$(systemctl show --property SubState hawser.service 2>/dev/null)" = SubState=auto-restart ] ||
    fact running "$(systemctl is-active hawser.service 2>/dev/null)"
elif pid=$(cat /run/hawser-supervisor.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null; then fact running active; fi
fact end yes
`;

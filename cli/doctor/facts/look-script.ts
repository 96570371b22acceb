import { PATHS } from '../../setup/service/service-paths.js';

/** How many lines of the agent's log are read. */
const LOG_LINES = 5;

/** How much of one value is read. */
const MOST_BYTES = 4_000;

/**
 * Says what `up` does not ask for, as `name base64` like the facts of `up`. Arguments: the agent's data directory; etcd's
 * socket, or nothing. It changes nothing, and says what it can where root does not run it.
 */
export const LOOK_SCRIPT = `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
say() { printf '%s ' "$1"; head -c ${MOST_BYTES} | base64 | tr -d '\\n'; echo; }
fact() { printf '%s' "$2" | say "$1"; }

d=$1; while [ ! -d "$d" ]; do d=\${d%/*}; d=\${d:-/}; done
fact disk "$(df -Pk "$d" 2>/dev/null | awk 'NR == 2 { print $2, $4 }')"
fact inodes "$(df -Pi "$d" 2>/dev/null | awk 'NR == 2 { print $2, $4 }')"
fact mount "$(df -Pk "$d" 2>/dev/null | awk 'NR == 2 { print $6 }')"

if [ -n "$2" ]; then
  if [ -S "$2" ]; then fact socket socket
  elif [ -e "$2" ] || [ -L "$2" ]; then fact socket other
  elif [ -d "\${2%/*}" ] && [ ! -x "\${2%/*}" ]; then fact socket hidden
  else fact socket missing
  fi
  real=$(readlink -f "$2" 2>/dev/null || printf '%s' "$2")
  # etcd 3.4 binds to a name in its working directory.
  awk -v one="$2" -v other="$real" -v name="\${real##*/}" '$4 == "00010000" && ($8 == one || $8 == other || $8 == name) { found = 1 } END { exit !found }' /proc/net/unix 2>/dev/null && fact listens yes
fi

if [ -d /run/systemd/system ]; then
  systemctl show hawser.service --property LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts 2>/dev/null | say unit
  # Of a service that ends again and again this is why.
  journalctl --unit hawser.service --no-pager --output cat --lines ${LOG_LINES} 2>/dev/null | say log
elif [ -r ${PATHS.log} ]; then tail -n ${LOG_LINES} ${PATHS.log} | say log
fi
fact end yes
`;

/** Run as the user who logs in: who that is on the host, and whether the socket is open to them. Argument: the socket. */
export const SELF_SCRIPT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
printf 'groups %s\\n' "$(id -nG | base64 | tr -d '\\n')"
[ -n "$1" ] && [ -r "$1" ] && [ -w "$1" ] && printf 'enters %s\\n' eWVz
printf 'end %s\\n' eWVz
`;

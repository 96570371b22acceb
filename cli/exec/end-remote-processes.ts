import { timeLimit } from '../../base/abort.js';
import { shellCommand } from '../../tunnel/exec/shell-command.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import type { RootAccess } from '../setup/host/host-shell.js';

/** How long a host may take to end what runs there, in milliseconds. */
const PATIENCE_MS = 4_000;

/**
 * Ends all processes that were started over this very connection and still belong to it: the descendants of the sshd process that
 * this script itself descends from. They are stopped until none is new, so that none that is started at that moment outlives its
 * parent; then SIGTERM, and SIGKILL for what is still there 2 s later. Nothing else tells them: sshd passes no signals on to root's
 * commands, and one that neither reads nor writes does not notice that we are gone.
 */
const SCRIPT = `
parent() { rest=; IFS= read -r rest 2>/dev/null </proc/$1/stat || return 1; name=\${rest#*(}; name=\${name%)*}; rest=\${rest##*) }; set -- $rest; state=$1; up=$2; }
lives() { for pid in $found; do parent "$pid" && [ "$state" != Z ] && return 0; done; return 1; }
own=" "
at=$$
while :; do
  parent "$at" || exit 1
  case $name in sshd*|dropbear*) break ;; esac
  own="$own$at "
  [ "$up" -gt 1 ] || exit 1
  at=$up
done
look() {
  table=
  for one in /proc/[0-9]*; do
    pid=\${one#/proc/}
    parent "$pid" && table="$table $pid:$up"
  done
  found=" $at "
  grown=yes
  while [ -n "$grown" ]; do
    grown=
    for pair in $table; do
      pid=\${pair%:*}; up=\${pair#*:}
      case $found in *" $pid "*) continue ;; esac
      case $own in *" $pid "*) continue ;; esac
      case $found in *" $up "*) found="$found$pid "; grown=yes ;; esac
    done
  done
  found=\${found#" $at "}
}
look
while [ -n "$found" ]; do
  kill -STOP $found 2>/dev/null
  before=$found
  look
  [ "$found" = "$before" ] && break
done
[ -n "$found" ] || exit 0
kill -TERM $found 2>/dev/null
kill -CONT $found 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  lives || exit 0
  sleep 0.1 2>/dev/null || sleep 1
done
kill -KILL $found 2>/dev/null
exit 0
`;

/** Ends what still runs on a host of what this connection started. Never fails: a host that is gone has nothing to be told. */
export async function endRemoteProcesses(tunnel: Tunnel, { prefix, password }: RootAccess): Promise<void> {
  const signal = timeLimit(PATIENCE_MS);
  try {
    const [first = 'sh', ...rest] = [...prefix, 'sh', '-c', SCRIPT, 'sh'];
    const command = await tunnel.exec(shellCommand([first, ...rest]), { signal });
    command.stdin.end(password === undefined ? '' : `${password}\n`);
    command.stdout.resume();
    command.stderr.resume();
    await command.exit;
  } catch {
    // Closing the channel is all that is left to do.
  }
}

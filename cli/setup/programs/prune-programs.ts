import type { Log } from '../../../base/log.js';
import type { HostShell } from '../host/host-shell.js';
import { PROGRAMS_FOLDER } from './local-program.js';

/** What runs hawser on a host. */
export interface RunningPrograms {
  /** The name of the bundle under `releases/`. */
  readonly release?: string | undefined;
  /** The node program. */
  readonly runtime?: string | undefined;
}

/**
 * Removes releases and runtimes that are not to be kept, and what cut attempts to send one left behind; prints what it removed.
 * What runs now stays in any case. Nothing is followed through links, and nothing that is not named as ours is touched.
 * Arguments: the directory of the programs, then what to keep.
 */
const PRUNE = `
set -u
LC_ALL=C
export LC_ALL
cd -- "$1" || exit 1
folder=$1
shift
is_release() { [ "\${#1}" -eq 16 ] && case $1 in *[!0-9a-f]*) false ;; esac; }
is_runtime() {
  case $1 in
    node-*[!0-9a-f.]*) false ;;
    node-?*.?*.?*) true ;;
    node-*) is_release "\${1#node-}" ;;
    *) false ;;
  esac
}
is_own() { [ -d "$1" ] && [ ! -L "$1" ]; }
current=$(readlink current)
is_release "\${current#releases/}" || { echo "$folder/current leads to no release" >&2; exit 1; }
[ -f bin/hawser ] || { echo "there is no $folder/bin/hawser" >&2; exit 1; }
runs=$(sed -n "s|^exec .*/runtime/\\(node-[^/]*\\)/bin/node .*|\\1|p" bin/hawser)
kept() {
  what=$1
  shift
  [ "$what" != "$current" ] && [ "$what" != "runtime/$runs" ] || return 0
  for one; do case $one in "$folder/$what"|"$folder/$what"/*) return 0 ;; esac; done
  return 1
}
in_use() {
  for opened in /proc/[0-9]*/fd/*; do [ ! "$opened" -ef "$1" ] || return 0; done
  return 1
}
failed=0
remove() { if rm -rf -- "$1"; then echo "$1"; else failed=1; fi; }
leftover() { [ ! -f "$1" ] || [ -L "$1" ] || in_use "$1" || remove "$1"; }
for kind in release runtime; do
  case $kind in release) all=releases ;; *) all=runtime ;; esac
  is_own "$all" || continue
  for path in "$all"/*; do
    is_$kind "\${path##*/}" && is_own "$path" || continue
    if ! kept "$path" "$@"; then remove "$path"
    elif [ $kind = release ]; then leftover "$path/hawser.cjs.new"
    elif is_own "$path/bin"; then leftover "$path/bin/node.new"
    fi
  done
done
if is_own etcd; then
  for path in etcd/etcd-*/*.new; do leftover "$path"; done
fi
if is_own incoming; then
  for path in incoming/*.gz; do
    name=\${path##*/}
    name=\${name%.gz}
    [ "\${#name}" -eq 64 ] || continue
    case $name in *[!0-9a-f]*) ;; *) leftover "$path" ;; esac
  done
  rmdir incoming 2>/dev/null
fi
exit $failed
`;

/**
 * Removes what a host no longer needs of what was sent to it: all but what is named, and what runs now. Whoever calls it
 * holds the lock of the host. It is no failure if that does not work: then it is logged.
 *
 * @returns what was removed, relative to the directory of the programs
 */
export async function prunePrograms(
  shell: Pick<HostShell, 'name' | 'run'>,
  keep: readonly RunningPrograms[],
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const paths = keep.flatMap(({ release, runtime }) => [
    ...(release ? [`${PROGRAMS_FOLDER}/releases/${release}`] : []),
    ...(runtime?.startsWith(`${PROGRAMS_FOLDER}/runtime/`) ? [runtime] : []),
  ]);
  const warn = (why: string) =>
    log('warn', `Could not remove old versions of hawser from ${PROGRAMS_FOLDER} on ${shell.name}: ${why}.`);
  try {
    const { code, stdout, stderr } = await shell.run(PRUNE, { args: [PROGRAMS_FOLDER, ...paths], signal });
    if (code !== 0) warn(stderr.trim().split('\n').at(-1)?.slice(-300) || 'the host did not say why');
    return stdout.split('\n').filter((line) => line !== '');
  } catch (error) {
    signal.throwIfAborted();
    warn((error as Error).message.replace(/\.$/, ''));
    return [];
  }
}

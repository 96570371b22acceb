// What is run on hosts to read logs. Each is a constant; what varies are its arguments.

/**
 * Says which apps there are, and what there is to read of one: `now SECONDS`, `app NAME`, `unit FILE`, `file NAME`, a line
 * each; `denied` for a user who may not look. Arguments: the agents' prefix, the app.
 */
export const LOOK = `
apps=$1/apps
if [ "$(id -u)" != 0 ]; then
  if [ -d "$1" ] && [ -x "$1" ] && { [ ! -e "$apps" ] || { [ -r "$apps" ] && [ -x "$apps" ]; }; } && [ -r "$1" ]; then :
  else echo denied; exit 0; fi
fi
echo "now $(date +%s)"
for folder in "$apps"/*/; do
  folder=\${folder%/}
  [ -d "$folder" ] && printf 'app %s\\n' "\${folder##*/}"
done
for file in /run/systemd/system/hawser-app-"$2".*.service; do
  [ -f "$file" ] && printf 'unit %s\\n' "\${file##*/}"
done
for file in "$apps/$2"/log/*.log; do
  [ -f "$file" ] && printf 'file %s\\n' "\${file##*/}"
done
exit 0
`;

/**
 * Runs the function `show` until it ends or the input does, which is when nobody listens any more: sshd sends no signals to
 * the commands of root, and a program that follows a silent log would never notice.
 */
const UNTIL_NOBODY_LISTENS = `
exec 3<&0
show </dev/null & shown=$!
trap 'kill "$shown" 2>/dev/null' TERM HUP INT
{ cat >/dev/null; kill "$shown"; } <&3 >/dev/null 2>&1 & watching=$!
wait "$shown"; code=$?
kill "$watching" 2>/dev/null
exit "$code"
`;

/**
 * Shows the log of a process, with the old files that hawser keeps (`.4` is the oldest). A file that is copied and emptied, or
 * replaced, is followed. Arguments: the directory, the process, how many lines or `all`, how many minutes ago the oldest of
 * the files may have been written (or nothing), `follow` or nothing.
 */
export const SHOW_FILES = `
cd -- "$1" || exit 1
log=$2.log lines=$3 minutes=$4 follow=$5
[ "$lines" = all ] && from=+1 || from=$lines
old() {
  for file in "$log.4" "$log.3" "$log.2" "$log.1"; do
    [ -f "$file" ] || continue
    [ -z "$minutes" ] || [ -n "$(find "$file" -mmin "-$minutes")" ] || continue
    if [ "$lines" = all ]; then cat "$file"; else tail -n "$1" "$file"; fi
  done
}
before() {
  if [ "$lines" = all ]; then old; return; fi
  here=$(wc -l <"$log" 2>/dev/null) || here=0
  left=$((lines - here))
  [ "$left" -le 0 ] || old "$left" | tail -n "$left"
}
before
if [ -z "$follow" ]; then
  [ ! -f "$log" ] || tail -n "$from" "$log"
  exit
fi
show() { exec tail -n "$from" -F "$log" 2>/dev/null; }
${UNTIL_NOBODY_LISTENS}`;

/**
 * Shows what the journal has of a process, as JSON. By fields that its units set, because units by name would be only those
 * that there are by now. Arguments: the app, the process, how many lines or `all`, how many seconds ago to begin (or nothing),
 * `follow` or nothing.
 */
export const SHOW_JOURNAL = `
app=$1 process=$2 lines=$3 seconds=$4 follow=$5
show() {
  exec journalctl --quiet --no-pager --all --output json \\
    --output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT,_PID \\
    --lines "$lines" \${seconds:+"--since=-\${seconds}s"} \${follow:+--follow} \\
    "HAWSER_APP=$app" "HAWSER_PROCESS=$process"
}
[ -n "$follow" ] || { show; exit; }
${UNTIL_NOBODY_LISTENS}`;

import type { HostShell } from '../host/host-shell.js';
import type { InstallRecord } from '../record/install-record.js';
import { accountsToRemove } from './plan-accounts.js';
import { runOnHost } from './run-on-host.js';
import { APP_USER, GROUP, PATHS } from './service-paths.js';

const REMOVE_TIMEOUT_MS = 120_000;

/**
 * Arguments: `keep` for the data, `group` and `user` for what goes of them, then who leaves a group that stays. Says what is
 * left.
 */
const REMOVE = `
if systemd; then
  systemctl --quiet disable --now hawser.service 2>/dev/null
  # Sockets first, lest a connection start a service again.
  for kind in socket service; do
    for unit in /run/systemd/system/hawser-app-*.$kind; do
      [ ! -e "$unit" ] || systemctl --quiet stop "\${unit##*/}"
    done
  done
  rm -f ${PATHS.unit} /run/systemd/system/hawser-app-*
  rm -rf ${PATHS.appEnvironments}
  systemctl daemon-reload
  systemctl --quiet reset-failed hawser.service 2>/dev/null
  systemctl --quiet reset-failed 'hawser-app-*' 2>/dev/null
else
  pid=$(cat /run/hawser-supervisor.pid 2>/dev/null) && kill -TERM "$pid" 2>/dev/null
  while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  if [ -e ${PATHS.initScript} ]; then
    if has rc-update; then
      rc-update --quiet delete hawser default >/dev/null 2>&1
      rc-service --quiet hawser zap >/dev/null 2>&1
    fi
    rm -f ${PATHS.initScript}
    ! has update-rc.d || update-rc.d hawser remove >/dev/null
  fi
  rm -f ${PATHS.cronTable}
  rm -f /run/hawser-supervisor.pid /run/hawser-supervisor.lock ${PATHS.log} ${PATHS.log}.1 ${PATHS.log}.new
fi
[ "$1" = keep ] || rm -rf -- ${PATHS.data}
rm -rf -- ${PATHS.sockets} ${PATHS.settings}
if [ "$3" = user ]; then
  if getent passwd ${APP_USER} >/dev/null; then userdel ${APP_USER} 2>/dev/null; fi
  if getent group ${APP_USER} >/dev/null; then groupdel ${APP_USER} 2>/dev/null; fi
fi
if [ "$2" = group ] && getent group ${GROUP} >/dev/null; then groupdel ${GROUP}; fi
keep=$1
shift 3
for one in "$@"; do gpasswd --delete "$one" ${GROUP} >/dev/null; done
# The record goes last: with it whoever comes next can go on.
rm -rf -- ${PATHS.programs}
for one in ${PATHS.unit} ${PATHS.sockets} ${PATHS.settings} ${PATHS.programs}; do [ ! -e "$one" ] || echo "$one"; done
[ "$keep" = keep ] || [ ! -e ${PATHS.data} ] || echo ${PATHS.data}
exit 0
`;

/**
 * Removes everything that `up` made on a host, also where it was interrupted; packages stay, and so do a group and a user
 * that were there before.
 * @returns what could not be removed
 * @throws CliError `failed`
 */
export async function removeAgent(
  shell: HostShell,
  {
    keepData,
    record,
    signal,
  }: {
    readonly keepData: boolean;
    /** Of the host; undefined where it has none. */
    readonly record: InstallRecord | undefined;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly left: readonly string[] }> {
  const { removesGroup, removesUser, leavers } = accountsToRemove(record);
  const args = [
    keepData ? 'keep' : 'all',
    removesGroup ? 'group' : '',
    removesUser ? 'user' : '',
    ...leavers,
  ];
  const said = await runOnHost(shell, 'remove the agent', REMOVE, {
    args,
    signal,
    timeoutMs: REMOVE_TIMEOUT_MS,
  });
  return { left: said.split('\n').filter((line) => line !== '') };
}

import type { HostShell } from '../host/host-shell.js';
import { runOnHost } from './host-script.js';
import { APP_USER, GROUP, PATHS } from './service-paths.js';

const REMOVE_TIMEOUT_MS = 120_000;

/** Argument: `keep` for the data. Says what is left. */
const REMOVE = `
if systemd; then
  systemctl --quiet disable --now hawser.service 2>/dev/null
  rm -f ${PATHS.unit}
  systemctl daemon-reload
  systemctl --quiet reset-failed hawser.service 2>/dev/null
else
  pid=$(cat /run/hawser-supervisor.pid 2>/dev/null) && kill -TERM "$pid" 2>/dev/null
  while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  if [ -e ${PATHS.initScript} ]; then
    rm -f ${PATHS.initScript}
    ! has update-rc.d || update-rc.d hawser remove >/dev/null
  fi
  rm -f /run/hawser-supervisor.pid /run/hawser-supervisor.lock ${PATHS.log} ${PATHS.log}.1
fi
[ "$1" = keep ] || rm -rf -- ${PATHS.data}
rm -rf -- ${PATHS.sockets} ${PATHS.settings}
if getent passwd ${APP_USER} >/dev/null; then userdel ${APP_USER} 2>/dev/null; fi
if getent group ${APP_USER} >/dev/null; then groupdel ${APP_USER} 2>/dev/null; fi
if getent group ${GROUP} >/dev/null; then groupdel ${GROUP}; fi
# The record goes last: with it whoever comes next can go on.
rm -rf -- ${PATHS.programs}
for one in ${PATHS.unit} ${PATHS.sockets} ${PATHS.settings} ${PATHS.programs}; do [ ! -e "$one" ] || echo "$one"; done
[ "$1" = keep ] || [ ! -e ${PATHS.data} ] || echo ${PATHS.data}
exit 0
`;

/**
 * Removes everything that `up` made on a host, also where it was interrupted; packages stay.
 * @returns what could not be removed
 * @throws CliError `failed`
 */
export async function removeAgent(
  shell: HostShell,
  { keepData, signal }: { readonly keepData: boolean; readonly signal: AbortSignal },
): Promise<{ readonly left: readonly string[] }> {
  const args = [keepData ? 'keep' : 'all'];
  const said = await runOnHost(shell, 'remove the agent', REMOVE, {
    args,
    signal,
    timeoutMs: REMOVE_TIMEOUT_MS,
  });
  return { left: said.split('\n').filter((line) => line !== '') };
}

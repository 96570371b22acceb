import type { HostShell } from '../host/host-shell.js';
import { type AgentSettings, agentArguments, formatArguments } from './agent-arguments.js';
import { BOOT_STARTER_SCRIPT, BOOT_STARTERS, type BootStarter } from './detect-init-system.js';
import { runOnHost } from './run-on-host.js';
import { AGENT_SCRIPT, CRON_TABLE, OPENRC_SCRIPT, SUPERVISOR, SYSV_SCRIPT, UNIT } from './service-files.js';
import { APP_USER, GROUP, PATHS } from './service-paths.js';

export interface InstalledService {
  /** What starts it at boot. */
  readonly supervisor: BootStarter;
  readonly startsAtBoot: boolean;
  /** What was made, for the record of the host. */
  readonly created: readonly string[];
}

/** Gives a file its content at once, for root only to write. Arguments: path, mode; the content is in `$content`. */
const PUT = `
put() {
  printf '%s' "$content" >"$1.new"
  chmod "$2" "$1.new"
  mv -f -- "$1.new" "$1"
  echo "$1"
}
`;

/** Arguments: node program, release. */
const ACTIVATE = `
activate() {
  [ -x "$1" ] || { echo "there is no node program at $1" >&2; exit 1; }
  [ -e "${PATHS.programs}/releases/$2/hawser.cjs" ] || { echo "release $2 is not there" >&2; exit 1; }
  mkdir -p ${PATHS.programs}/bin
  content="#!/bin/sh
unset NODE_OPTIONS NODE_PATH
exec $1 ${PATHS.programs}/current/hawser.cjs \\"\\$@\\"
"
  put ${PATHS.wrapper} 755
  ln -sfn "releases/$2" ${PATHS.programs}/current.new
  mv -fT ${PATHS.programs}/current.new ${PATHS.programs}/current
}
`;

/** Arguments: node program, release, arguments of the agent, etcd program, the files of the service. */
const INSTALL = `
set -e
umask 022
${BOOT_STARTER_SCRIPT}
${PUT}
${ACTIVATE}
runtime=$1 release=$2 arguments=$3 etcd=$4 agent=$5 unit=$6 supervisor=$7 sysv=$8 openrc=$9
shift 9
cron=$1
getent group ${GROUP} >/dev/null || groupadd --system ${GROUP}
getent passwd ${APP_USER} >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${APP_USER}
mkdir -p ${PATHS.settings}
[ -d ${PATHS.data} ] || mkdir -m 700 ${PATHS.data}
chmod 700 ${PATHS.data}
activate "$runtime" "$release"
content=$agent put ${PATHS.agentScript} 755
content=$arguments put ${PATHS.arguments} 644
if [ -n "$etcd" ]; then content=$etcd put ${PATHS.etcdProgram} 644; else rm -f ${PATHS.etcdProgram}; fi
starter=$(boot_starter)
if [ $starter = systemd ]; then
  content=$unit put ${PATHS.unit} 644
  systemctl daemon-reload
  systemctl --quiet enable hawser.service
else
  has flock && has setsid || { echo "flock and setsid (util-linux) are missing" >&2; exit 1; }
  content=$supervisor put ${PATHS.supervisor} 755
fi
case $starter in
  openrc)
    content=$openrc put ${PATHS.initScript} 755
    rc-update --quiet add hawser default >/dev/null ;;
  sysv)
    content=$sysv put ${PATHS.initScript} 755
    update-rc.d hawser defaults >/dev/null ;;
  cron) content=$cron put ${PATHS.cronTable} 644 ;;
esac
echo supervisor:$starter
`;

/**
 * Makes the group, the user of apps, the directories, the settings and the service of the agent, and lets it start at boot; it
 * does not start it. What is there already is replaced.
 *
 * @throws CliError `failed`
 */
export async function installService(
  shell: HostShell,
  settings: AgentSettings,
  signal: AbortSignal,
): Promise<InstalledService> {
  const { runtime, release, etcdProgram = '' } = settings;
  const files = [AGENT_SCRIPT, UNIT, SUPERVISOR, SYSV_SCRIPT, OPENRC_SCRIPT, CRON_TABLE];
  const args = [runtime, release, formatArguments(agentArguments(settings)), etcdProgram, ...files];
  const said = await runOnHost(shell, 'set up the service', INSTALL, { args, signal });
  const made = said.split('\n').filter((line) => line !== '');
  const supervisor = BOOT_STARTERS.find((one) => made.includes(`supervisor:${one}`)) ?? 'none';
  const created = made.filter((line) => !line.startsWith('supervisor:')).slice(0, 50);
  return { supervisor, startsAtBoot: supervisor !== 'none', created };
}

/**
 * Makes a release that is on the host already the one that runs from the next start of the agent on.
 * @throws CliError `failed`
 */
export async function activateRelease(
  shell: HostShell,
  { runtime, release }: Pick<AgentSettings, 'runtime' | 'release'>,
  signal: AbortSignal,
): Promise<void> {
  const script = `set -e\numask 022\n${PUT}\n${ACTIVATE}\nactivate "$1" "$2"`;
  await runOnHost(shell, `switch to release ${release}`, script, { args: [runtime, release], signal });
}

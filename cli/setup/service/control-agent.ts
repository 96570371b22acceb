import type { HostShell } from '../host/host-shell.js';
import { runOnHost } from './run-on-host.js';
import { PATHS } from './service-paths.js';

/** An agent that leaves the cluster waits up to 15 s for the others, and its apps for 10 s each. */
const STOP_TIMEOUT_MS = 120_000;

const STOP = `
stop() {
  if systemd; then
    # Also between two restarts, when it is neither active nor failed.
    systemctl cat hawser.service >/dev/null 2>&1 || return 0
    systemctl stop hawser.service
    return
  fi
  pid=$(cat /run/hawser-supervisor.pid 2>/dev/null) || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
}
`;

const START = `
start() {
  if systemd; then systemctl start hawser.service; return; fi
  setsid ${PATHS.supervisor} </dev/null >/dev/null 2>&1 &
}
`;

/** Starts the agent, or starts it again with new settings. @throws CliError `failed` */
export async function restartAgent(shell: HostShell, signal: AbortSignal): Promise<void> {
  const script = `${STOP}\n${START}\nset -e\nstop\nstart`;
  await runOnHost(shell, 'start the agent', script, { signal, timeoutMs: STOP_TIMEOUT_MS });
}

/** Stops the agent and its apps; the host stays a member of the cluster. @throws CliError `failed` */
export async function stopAgent(shell: HostShell, signal: AbortSignal): Promise<void> {
  await runOnHost(shell, 'stop the agent', `${STOP}\nset -e\nstop`, { signal, timeoutMs: STOP_TIMEOUT_MS });
}

/** Stops the agent and its apps after the host has left the cluster, if the others can let it go. @throws CliError `failed` */
export async function leaveAndStopAgent(shell: HostShell, signal: AbortSignal): Promise<void> {
  const mark = `[ ! -d ${PATHS.data} ] || : >${PATHS.data}/leave-at-stop`;
  await runOnHost(shell, 'stop the agent', `${STOP}\nset -e\n${mark}\nstop`, {
    signal,
    timeoutMs: STOP_TIMEOUT_MS,
  });
}

export interface AgentState {
  readonly isInstalled: boolean;
  readonly isRunning: boolean;
}

const STATE = `
[ -e ${PATHS.arguments} ] && echo installed
if systemd; then systemctl --quiet is-active hawser.service && echo running
else pid=$(cat /run/hawser-supervisor.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo running
fi
exit 0
`;

/** Whether the agent is there, and whether its process runs now. @throws CliError `failed` */
export async function readAgentState(shell: HostShell, signal: AbortSignal): Promise<AgentState> {
  const said = (await runOnHost(shell, 'look at the agent', STATE, { signal })).split('\n');
  return { isInstalled: said.includes('installed'), isRunning: said.includes('running') };
}

const LOG = `
if systemd; then journalctl --unit hawser.service --no-pager --output cat --lines "$1"
else tail -n "$1" ${PATHS.log} 2>/dev/null
fi
exit 0
`;

/** Of an agent's log, in an error. */
const LAST_LINES = 3;

/** The end of the agent's log on one line, for an error; written by the host, so not to be printed raw. */
export async function lastWords(shell: HostShell, signal: AbortSignal): Promise<string> {
  const log = await runOnHost(shell, "read the agent's log", LOG, { args: [String(LAST_LINES)], signal });
  return log.trim().split('\n').join(' | ').slice(-1_000);
}

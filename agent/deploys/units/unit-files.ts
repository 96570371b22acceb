import type { ProcessSpec } from '../processes/process-host.js';
import { ENVIRONMENT_FOLDER, serviceName, socketName } from './unit-names.js';

/** What systemd gives the agent itself, and what would mislead an app. */
const OF_THE_AGENT =
  /^(INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|NOTIFY_SOCKET|MEMORY_PRESSURE_.*|LISTEN_.*)$/;

/** A numeric address and a port, as systemd takes them. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** @returns undefined if a socket cannot be opened there */
export function listenAddress(listen: string): string | undefined {
  const address = listen.replace(/^localhost:/, '127.0.0.1:');
  return ADDRESS.test(address) ? address : undefined;
}

/** The unit of a process. It tells every local user what it says, so the environment is in a file of its own. */
export function formatService(spec: ProcessSpec, program: string): string {
  const { app, process, release, account, limits } = spec;
  const [, ...args] = spec.argv;
  const { files, memoryBytes, cpu } = limits;
  return lines([
    '[Unit]',
    `Description=${process} of ${app}, release ${release}, run by hawser`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    // Without `:` systemd would put variables into the arguments.
    `ExecStart=${[`:${program}`, ...args].map(quoteWord).join(' ')}`,
    `WorkingDirectory=${doublePercent(spec.folder)}`,
    `EnvironmentFile=${ENVIRONMENT_FOLDER}/${serviceName(spec)}.env`,
    ...(account === undefined ? [] : [`User=${account.name}`, `Group=${account.gid}`, 'NoNewPrivileges=yes']),
    'Restart=always',
    'RestartSec=1',
    'KillMode=control-group',
    `TimeoutStopSec=${spec.stopGraceMs}ms`,
    'UMask=0022',
    `SyslogIdentifier=${app}-${process}`,
    // For `hawser logs`.
    `LogExtraFields=HAWSER_APP=${app} HAWSER_PROCESS=${process}`,
    ...(files === undefined ? [] : [`LimitNOFILE=${files}`]),
    ...(memoryBytes === undefined ? [] : [`MemoryMax=${memoryBytes}`]),
    ...(cpu === undefined ? [] : [`CPUQuota=${Math.max(1, Math.round(cpu * 100))}%`]),
    ...(spec.listen === undefined ? [] : [`Sockets=${socketName(spec)}`]),
  ]);
}

/** The socket of a process, which stays open while its releases come and go. */
export function formatSocket(spec: ProcessSpec, address: string): string {
  return lines([
    '[Unit]',
    `Description=socket of ${spec.process} of ${spec.app}, held by hawser`,
    'StartLimitIntervalSec=0',
    '',
    '[Socket]',
    `ListenStream=${address}`,
    `Service=${serviceName(spec)}`,
    'Backlog=4096',
    `FileDescriptorName=${spec.process}`,
    'TriggerLimitIntervalSec=0',
  ]);
}

/** Variables whose names no shell could have are left out, as systemd would do. */
export function formatEnvironment(environment: NodeJS.ProcessEnv): string {
  const all = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && /^[A-Za-z_]\w*$/.test(name) && !OF_THE_AGENT.test(name),
  );
  return lines(all.map(([name, value = '']) => `${name}="${value.replaceAll(/["\\`$]/g, '\\$&')}"`).sort());
}

/** An argument of ExecStart=. */
export function quoteWord(word: string): string {
  const escaped = word.replaceAll(/["\\]/g, '\\$&').replaceAll(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${doublePercent(escaped)}"`;
}

function doublePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

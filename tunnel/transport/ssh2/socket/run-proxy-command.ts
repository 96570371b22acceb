import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Log } from '../../../../base/log.js';
import { TunnelError } from '../../../errors.js';
import { formatDestination } from '../../../parse-destination.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import type { Ssh2Socket } from './ssh2-socket.js';

/** How long the command may take to exit after SIGHUP. */
const END_TIMEOUT_MS = 1_000;

/**
 * Runs it as OpenSSH does, except that Ctrl-C in the terminal does not reach it: a clean shutdown needs the connection.
 * Node's pipes are sockets, which make bash believe that a network daemon started it and read ~/.bashrc, unless SHLVL
 * says that a shell is running already.
 */
const RUN_IN_SHELL = `trap '' INT; export SHLVL="\${SHLVL:-1}"; exec "\${SHELL:-/bin/sh}" -c "$0"`;

/** How much of the command's standard error is kept. */
const KEPT_CHARACTERS = 500;

/** Runs a ProxyCommand: a line for the user's shell, whose standard input and output lead to the host. */
export function runProxyCommand(
  command: string,
  destination: ResolvedDestination,
  log: Log | undefined,
): Ssh2Socket {
  const child = spawn('/bin/sh', ['-c', RUN_IN_SHELL, `exec ${command}`], { stdio: 'pipe' });
  const host = formatDestination(destination);
  let said = '';
  let isEnding = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-KEPT_CHARACTERS);
    log?.('debug', `Output of the ProxyCommand for ${host}: ${text.trimEnd()}`);
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const ended = new Promise<TunnelError | undefined>((resolve) => {
    child.once('error', (cause) => resolve(failed(host, cause.message, cause)));
    child.once('close', (code, signal) => {
      stream.destroy();
      const isOurDoing = isEnding && code === null;
      resolve(isOurDoing ? undefined : failed(host, describeEnd(code, signal, said)));
    });
  });
  const destroy = () => {
    isEnding = true;
    child.kill('SIGHUP');
    stream.destroy();
  };
  return {
    stream,
    destroy,
    close: async () => {
      destroy();
      return endWithin(child, ended);
    },
  };
}

async function endWithin(
  child: ChildProcess,
  ended: Promise<TunnelError | undefined>,
): Promise<TunnelError | undefined> {
  const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const lastLine = said.trim().split('\n').at(-1) ?? '';
  const how = code === null ? `it was killed by ${signal}` : `it exited with status ${code}`;
  return lastLine === '' ? how : `${how}, saying "${lastLine.trim()}"`;
}

function failed(host: string, problem: string, cause?: Error): TunnelError {
  return new TunnelError(
    'unreachable',
    host,
    `Could not connect to ${host} through its ProxyCommand: ${problem}. Check that the command works in a shell.`,
    { cause },
  );
}

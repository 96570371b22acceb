import { Questions } from '../../tunnel/question-queue.js';
import { APP_NAME } from '../../world/deploys/manifest.js';
import { type HostFlags, hostsToReach } from '../agent-access/hosts-to-reach.js';
import type { HostToReach } from '../agent-access/reached-hosts.js';
import { CliError, type CliErrorCode } from '../errors.js';
import { EXIT_CODES, exitCodeOf } from '../exit-codes.js';
import { logTo, printNote } from '../output/print.js';
import { printLogLine } from '../output/print-log-line.js';
import { resultTaken } from '../output/write-output.js';
import { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { type ChosenLog, chooseProcesses } from './choose-processes.js';
import { mergeByTime } from './merge-by-time.js';
import { type LogHost, openLogHost } from './open-log-host.js';
import type { LogLine } from './parse-log-line.js';
import { type LogRange, readProcessLog } from './read-process-log.js';

/** How long a host that says nothing keeps the lines of others back, where they are followed. */
const PATIENCE_MS = 250;

/** What `hawser logs` is asked for. */
export interface LogsRequest extends HostFlags, LogRange {
  readonly hosts: string | undefined;
  readonly process: string | undefined;
  readonly sudoPasswordFile: string | undefined;
}

/** A line, and where it is from. */
type PlacedLine = LogLine & ChosenLog<LogHost>;

/** What could not be read, by host. */
type Failures = Map<string, Error>;

/**
 * Prints what an app wrote, on all hosts at once.
 *
 * @throws CliError `usage` for a wrong or unknown name; `unreachable` if no host can be asked; `failed` if some could not
 */
export async function showLogs(request: LogsRequest, signal: AbortSignal): Promise<void> {
  for (const name of [request.app, request.process ?? request.app]) checkName(name);
  const { target, hosts } = await hostsToReach(request, signal, request.hosts);
  const failures: Failures = new Map();
  const open = await openHosts(hosts, { request, timeoutMs: target.timeoutMs, failures, signal });
  try {
    signal.throwIfAborted();
    if (open.length === 0) throw noneReached(failures);
    const logs = chooseProcesses(open, request.app, request.process);
    if (logs.length === 0) printNote(request, `hawser: ${request.app} has written nothing yet.`);
    await printLogs(logs, { request, failures, signal });
    signal.throwIfAborted();
  } finally {
    await Promise.all(open.map((host) => host[Symbol.asyncDispose]()));
  }
  if (failures.size > 0) throw incomplete(failures, hosts.length);
}

interface Run {
  readonly request: LogsRequest;
  readonly failures: Failures;
  readonly signal: AbortSignal;
}

async function openHosts(
  hosts: readonly HostToReach[],
  { request, timeoutMs, failures, signal }: Run & { readonly timeoutMs: number },
): Promise<LogHost[]> {
  const ask = hosts.find(({ tunnel }) => tunnel.ask !== undefined)?.tunnel.ask;
  const questions = typeof ask === 'function' ? new Questions(ask) : ask;
  const passwords = new SudoPasswords(questions, request.sudoPasswordFile);
  const { app, prefix } = request;
  const look = { app, prefix, questions, passwords, timeoutMs, signal };
  const opened = await Promise.all(
    hosts.map(async (host) => {
      try {
        return [await openLogHost(host, look)];
      } catch (error) {
        failed({ request, failures, signal }, host.host, error);
        return [];
      }
    }),
  );
  return opened.flat();
}

async function printLogs(logs: readonly ChosenLog<LogHost>[], run: Run): Promise<void> {
  const { request, signal } = run;
  const hosts = [...new Set(logs.map(({ host }) => host.name))];
  const processes = [...new Set(logs.map(({ process }) => process.name))];
  const sources = logs.map((log) => placed(log, run));
  const lines = mergeByTime<PlacedLine>(sources, request.follow ? PATIENCE_MS : undefined);
  for await (const { host, process, atMs, isTimed, text } of lines) {
    if (signal.aborted) return;
    printLogLine(request, {
      hostname: host.name,
      process: process.name,
      at: isTimed && atMs !== undefined ? new Date(atMs).toISOString() : undefined,
      line: text,
      layout: { hosts, processes },
    });
    await resultTaken(signal);
  }
}

/** What goes wrong with one log does not end the others. */
async function* placed(log: ChosenLog<LogHost>, run: Run): AsyncGenerator<PlacedLine> {
  const { request, signal } = run;
  try {
    for await (const line of readProcessLog(log.host, log.process, request, signal))
      yield { ...line, ...log };
  } catch (error) {
    failed(run, log.host.name, error);
  }
}

/** Tells at once what will be missing. */
function failed({ request, failures, signal }: Run, host: string, error: unknown): void {
  if (signal.aborted) return;
  const problem = error instanceof Error ? error : new Error(String(error));
  failures.set(host, problem);
  logTo(request)('warn', `${host}: ${problem.message}`);
}

function checkName(name: string): void {
  if (APP_NAME.test(name)) return;
  const rule = 'lowercase letters, digits and dashes, at most 63';
  throw new CliError('usage', `"${name}" is no name of an app or of a process: they have ${rule}.`);
}

function noneReached(failures: Failures): CliError {
  const [only, ...others] = failures.values();
  const hosts = messages(failures);
  const isRefused = only !== undefined && exitCodeOf(only) === EXIT_CODES.refused;
  const code: CliErrorCode = isRefused ? 'refused' : 'unreachable';
  const message = others.length === 0 ? 'The host could not be asked' : 'None of the hosts could be asked';
  return new CliError(code, `${message} for its logs: ${only?.message ?? ''}`, { hosts, cause: only });
}

function incomplete(failures: Failures, all: number): CliError {
  const names = [...failures.keys()].join(', ');
  const message = `The logs are incomplete: ${failures.size} of ${all} hosts could not be read (${names}).`;
  return new CliError('failed', message, { hosts: messages(failures) });
}

function messages(failures: Failures): Record<string, string> {
  return Object.fromEntries([...failures].map(([host, { message }]) => [host, message]));
}

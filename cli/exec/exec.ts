import { inParallel } from '../../base/in-parallel.js';
import { CliError } from '../errors.js';
import type { ChosenHost } from '../hosts/choose-hosts.js';
import { HostConnections } from '../hosts/host-connections.js';
import { logTo, type OutputOptions } from '../output/print.js';
import { onReaderGone } from '../output/write-output.js';
import { SudoPasswords } from '../setup/host/sudo-passwords.js';
import type { CommandRun } from './command-run.js';
import { describeAlikeness, namesOf } from './group-outcomes.js';
import { describeFailure, type HostOutcome, hasFailed } from './host-outcome.js';
import { writeLastRun } from './last-run.js';
import { openInput } from './open-input.js';
import type { WantedCommand } from './remote-line.js';
import { GroupedReport } from './reports/grouped-report.js';
import { JsonReport } from './reports/json-report.js';
import { LiveReport } from './reports/live-report.js';
import type { Report } from './reports/report.js';
import { runOnHost } from './run-on-host.js';

/** What `hawser exec` is asked for. */
export interface ExecRequest extends OutputOptions {
  readonly command: WantedCommand;
  readonly hosts: readonly ChosenHost[];
  /** The fleet that they are of. */
  readonly fleetFile: string | undefined;
  /** Show the output once it is complete, the same one once for all hosts that have it. */
  readonly group: boolean;
  readonly sudo: boolean;
  readonly sudoPasswordFile: string | undefined;
  /** On how many hosts at a time; undefined for all. */
  readonly serial: number | undefined;
  readonly timeoutMs: number | undefined;
  /** Whether the command reads what we are given. */
  readonly stdin: boolean;
}

/**
 * Runs a command on many hosts and shows what each says.
 * @throws CliError `failed` where it did not succeed on every host or its output could not be written, and the reason of the signal
 */
export async function exec(request: ExecRequest, signal: AbortSignal): Promise<void> {
  const gone = new AbortController();
  onReaderGone((why) =>
    gone.abort(why ?? new DOMException('Nobody reads the output any more.', 'AbortError')),
  );
  const over = AbortSignal.any([signal, gone.signal]);
  const outcomes = await runEverywhere(request, over);
  await remember(request, outcomes);
  if (gone.signal.reason instanceof CliError) throw gone.signal.reason;
  if (gone.signal.aborted) return;
  signal.throwIfAborted();
  const failed = outcomes.filter(hasFailed);
  if (failed.length > 0) throw failure(failed, outcomes.length);
}

async function runEverywhere(request: ExecRequest, signal: AbortSignal): Promise<HostOutcome[]> {
  const { hosts, serial = hosts.length, command, timeoutMs } = request;
  const log = logTo(request);
  await using connections = new HostConnections(log);
  await using input = request.stdin ? openInput(hosts.length) : undefined;
  const sudo = request.sudo ? new SudoPasswords(connections.questions, request.sudoPasswordFile) : undefined;
  const run: CommandRun = { command, sudo, timeoutMs, input, connections, log, signal };
  await using report = reportFor(request, signal);
  const outcomes = new Map<string, HostOutcome>();
  await inParallel(hosts, Math.max(serial, 1), async (host) => {
    const outcome = await runOnHost(host, run, report.takerFor(host.name));
    outcomes.set(host.name, outcome);
    await report.ended(outcome);
  });
  const all = hosts.flatMap(({ name }) => outcomes.get(name) ?? []);
  await report.finish(all, request.group ? undefined : describeAlikeness(all));
  return all;
}

function reportFor(request: ExecRequest, signal: AbortSignal): Report {
  if (request.json) return new JsonReport(signal);
  if (request.group) return new GroupedReport(signal);
  return new LiveReport(
    request.hosts.map(({ name }) => name),
    signal,
  );
}

async function remember(
  { command, fleetFile, hosts, sudo }: ExecRequest,
  outcomes: readonly HostOutcome[],
): Promise<void> {
  const failed = outcomes.filter(hasFailed).map(({ hostname }) => hostname);
  await writeLastRun({ command, fleetFile, sudo, failed, hosts: hosts.length }).catch(() => {
    // It is a convenience: what was asked for is done.
  });
}

function failure(failed: readonly HostOutcome[], all: number): CliError {
  const names = namesOf(failed.map(({ hostname }) => hostname));
  const hosts = Object.fromEntries(failed.map((one) => [one.hostname, describeFailure(one)]));
  const again = 'To run it again there: hawser exec --rerun failed';
  return new CliError(
    'failed',
    `The command failed on ${failed.length} of ${all} ${all === 1 ? 'host' : 'hosts'}: ${names}. ${again}`,
    { hosts },
  );
}

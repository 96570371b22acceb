import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onAbort, pause } from '../../base/abort.js';
import type { RemoteCommand } from '../../tunnel/exec/remote-command.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { EtcdWay } from '../bridge/etcd-access.js';
import { CliError, InterruptedError } from '../errors.js';
import type { ChosenHost } from '../hosts/choose-hosts.js';
import { formatDuration } from '../output/format-quantities.js';
import type { RootAccess } from '../setup/host/host-shell.js';
import { openHostShell } from '../setup/host/open-host-shell.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import type { CommandRun, OutputTaker } from './command-run.js';
import { endRemoteProcesses } from './end-remote-processes.js';
import { exitCodeOf, type HostOutcome } from './host-outcome.js';
import { remoteLine } from './remote-line.js';

const AS_USER: RootAccess = { prefix: [] };

/** How long a host may take to say that a command has started, before it is ended all the same. */
const START_MS = 4_000;

/** Runs the command on one host, to its end or as long as it may take. What goes wrong there is the outcome; it never fails. */
export async function runOnHost(host: ChosenHost, run: CommandRun, taker: OutputTaker): Promise<HostOutcome> {
  const hostname = host.name;
  try {
    await using share = await run.connections.open(host, run.signal);
    const access = run.sudo === undefined ? AS_USER : await rootAccess(hostname, share.tunnel, run.sudo, run);
    return await execute({ hostname, tunnel: share.tunnel, access }, run, taker);
  } catch (error) {
    return { hostname, exit: null, error: sentenceOf(error, run.signal) };
  }
}

function sentenceOf(error: unknown, signal: AbortSignal): string {
  if (error instanceof InterruptedError || signal.aborted) return 'It was interrupted.';
  return error instanceof Error ? error.message : String(error);
}

/** @throws CliError `no-sudo` */
async function rootAccess(
  name: string,
  tunnel: Tunnel,
  passwords: SudoPasswords,
  { signal }: CommandRun,
): Promise<RootAccess> {
  const way = new EtcdWay({ name }, { user: '', passwords });
  const { asRoot } = await openHostShell(name, { tunnel, way }, { passwords, signal });
  return asRoot;
}

interface Place {
  readonly hostname: string;
  readonly tunnel: Tunnel;
  readonly access: RootAccess;
}

async function execute(place: Place, run: CommandRun, taker: OutputTaker): Promise<HostOutcome> {
  const { hostname, timeoutMs } = { ...place, ...run };
  // Aborts when the command has to end, whatever the reason.
  const over = new AbortController();
  const unlisten = onAbort([run.signal], () => over.abort(run.signal.reason));
  const expire = () => over.abort(tookTooLong(timeoutMs));
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  try {
    return { hostname, ...(await executeUntil(over, place, { run, taker })) };
  } catch (error) {
    over.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    unlisten();
  }
}

/** What runs is ended on the host before its channel is closed, which alone would leave it running there. */
async function executeUntil(
  over: AbortController,
  { tunnel, access }: Place,
  { run, taker }: Pick<Following, 'run' | 'taker'>,
): Promise<Omit<HostOutcome, 'hostname'>> {
  const abandoned = new AbortController();
  let ended: Promise<void> | undefined;
  const starting = tunnel.exec(remoteLine(run.command, access), { signal: abandoned.signal });
  const hasStarted = starting.then(
    () => undefined,
    () => undefined,
  );
  const unlisten = onAbort([over.signal], () => {
    // What the host has not said to have started, nobody would find there yet.
    ended = Promise.race([hasStarted, pause(START_MS, abandoned.signal)])
      .then(() => endRemoteProcesses(tunnel, access))
      .then(() => abandoned.abort(over.signal.reason));
  });
  try {
    const command = await starting;
    return await follow(command, { run, access, taker, over });
  } finally {
    unlisten();
    await ended;
  }
}

interface Following {
  readonly run: CommandRun;
  readonly access: RootAccess;
  readonly taker: OutputTaker;
  readonly over: AbortController;
}

async function follow(
  command: RemoteCommand,
  { run, access, taker, over }: Following,
): Promise<Omit<HostOutcome, 'hostname'>> {
  void send(command, access, run).catch((error: unknown) => over.abort(error));
  const [stdout, stderr, exit] = await Promise.all([
    takeAll(command, 'stdout', taker, over),
    takeAll(command, 'stderr', taker, over),
    command.exit,
  ]);
  over.signal.throwIfAborted();
  return { exit: exitCodeOf(exit), signal: exit.signal, digest: stdout + stderr };
}

/** Hands on all output of one kind. @returns its digest */
async function takeAll(
  command: RemoteCommand,
  stream: 'stdout' | 'stderr',
  taker: OutputTaker,
  over: AbortController,
): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const bytes of command[stream]) {
      hash.update(bytes as Buffer);
      // What comes after the end has begun is nobody's any more, but has to be read for the command to end.
      if (!over.signal.aborted) await taker.take(bytes as Buffer, stream).catch((error) => over.abort(error));
    }
  } finally {
    await taker.end(stream);
  }
  return hash.digest('hex');
}

/** Sends what the command reads. It need not read it. @throws where that cannot be kept until it is read */
async function send(
  { stdin }: RemoteCommand,
  { password }: RootAccess,
  { input }: CommandRun,
): Promise<void> {
  let failure: unknown;
  async function* all(): AsyncGenerator<Buffer> {
    if (password !== undefined) yield Buffer.from(`${password}\n`);
    try {
      if (input !== undefined) yield* input.read();
    } catch (error) {
      failure = error;
    }
  }
  await pipeline(Readable.from(all(), { objectMode: false }), stdin).catch(() => undefined);
  if (failure !== undefined) throw failure;
}

function tookTooLong(timeoutMs = 0): CliError {
  const message = `The command was ended: it took longer than ${formatDuration(timeoutMs)}.`;
  return new CliError('failed', message);
}

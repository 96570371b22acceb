import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort, untilAborted } from '../../../base/abort.js';
import type { TunnelError } from '../../errors.js';
import {
  type CommandExit,
  type ExecOptions,
  execRefused,
  NoSessionError,
  notStarted,
  outcomeUnknown,
  type RemoteCommand,
  RunningCommand,
  unanswered,
} from '../../exec/remote-command.js';
import type { SessionProgram, TerminalSize } from '../../exec/session-program.js';
import { removePrivateFolder } from '../../files/make-private-folder.js';
import type { ChannelTarget, Reach } from '../../forward/forward-target.js';
import { formatDestination } from '../../parse-destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import {
  CLOSED_BY_HOST,
  channelLost,
  channelRefused,
  closedLocally,
  connectionLost,
  STOPPED_ANSWERING,
} from '../link-errors.js';
import { WARM_UP_COMMAND } from '../link-sessions.js';
import { LinkMonitor } from '../liveness/link-monitor.js';
import type { DialOptions, Link } from '../transport.js';
import { Channels } from './channel-multiplexer.js';
import type { CommandSession } from './command-session.js';
import { type ProxiedConnection, terminate } from './control-socket.js';
import { execOverChannels, warmUpOverChannels } from './exec-over-channels.js';
import type { PacketReader } from './split-packets.js';

/**
 * How long the warm-up session waits behind the first channel. Neither side sends small packets immediately yet: after a
 * login sshd delays its answer until its last packet is acknowledged, for 40 ms if nothing more is sent.
 */
const SESSION_AFTER_MS = 2;

interface LinkSetup extends DialOptions {
  readonly destination: ResolvedDestination;
  /** See {@link Link.loginKey}. */
  readonly loginKey: string | undefined;
  readonly controlPath: string;
  /** The directory of the control socket; the link removes it. */
  readonly folder: string;
}

/** A connection of a background `ssh`, used through its control socket. */
export class OpenSshLink implements Link {
  readonly closed: Promise<TunnelError>;
  readonly #socket: Socket;
  readonly #pid: number;
  readonly #setup: LinkSetup;
  readonly #channels: Channels;
  readonly #life: LinkMonitor;
  #failure: TunnelError | undefined;
  #ended: Promise<void> | undefined;
  #doubted: (isInDoubt: boolean) => void = () => {};

  constructor({ socket, pid, reader }: ProxiedConnection, setup: LinkSetup) {
    this.#socket = socket;
    this.#pid = pid;
    this.#setup = setup;
    const channels = new Channels(socket);
    this.#channels = channels;
    this.#life = new LinkMonitor({
      ...setup,
      probes: [{ name: 'probe@hawser', send: (answered) => askForUnknown(channels, answered) }],
      runWarmUp: async (mayStart) => {
        await delay(SESSION_AFTER_MS);
        return mayStart() && (await warmUpOverChannels(channels, WARM_UP_COMMAND));
      },
      onDoubt: (isInDoubt) => this.#doubted(isInDoubt),
      onSilent: () => this.destroy(),
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => void this.#end().then(resolve));
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk, reader)).resume();
  }

  get loginKey(): string | undefined {
    return this.#setup.loginKey;
  }

  get reach(): Reach | undefined {
    return this.#setup.destination.reach;
  }

  expectChannels(): void {
    this.#life.sessions.expectChannels();
  }

  async openChannel(target: ChannelTarget, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    signal.throwIfAborted();
    this.expectChannels();
    const { destination } = this.#setup;
    return new Promise((resolve, reject) => {
      const unlisten = onAbort([signal], () => reject(signal.reason));
      void this.#channels.open(target).then((outcome) => {
        unlisten();
        if (outcome.status === 'lost') return reject(channelLost(destination, target));
        if (outcome.status === 'refused') return reject(channelRefused(destination, target, outcome));
        if (!signal.aborted) return resolve(outcome.channel);
        outcome.channel.destroy();
      });
    });
  }

  exec(program: SessionProgram, options: ExecOptions): Promise<RemoteCommand> {
    return this.#life.sessions.command(() => this.#exec(program, options), options);
  }

  async #exec(program: SessionProgram, { signal, pty }: ExecOptions): Promise<RemoteCommand> {
    signal.throwIfAborted();
    const host = formatDestination(this.#setup.destination);
    const outcome = execOverChannels(this.#channels, program, pty);
    const started = outcome.then((one) => {
      if (one.status === 'no-session') throw new NoSessionError(host, one.description);
      if (one.status === 'refused') throw execRefused(host, one.description);
      if (one.status === 'unanswered') throw unanswered(host);
      if (one.status === 'lost') throw one.isSent ? outcomeUnknown(host) : notStarted(host);
      return this.#run(one.session, { signal });
    });
    return untilAborted(started, signal);
  }

  #run(session: CommandSession, options: Pick<ExecOptions, 'signal'>): RemoteCommand {
    const stop = () => {
      this.#channels.signal(session, 'TERM');
      session.destroy();
    };
    const host = formatDestination(this.#setup.destination);
    const streams = { stdin: session, stdout: session, stderr: session.stderr };
    const ended = endOf(session);
    const resize = (size: TerminalSize) => this.#channels.resize(session, size);
    return new RunningCommand({ host, ...streams, ended, isLost: () => false, resize, stop }, options);
  }

  onDoubt(listener: (isInDoubt: boolean) => void): void {
    this.#doubted = listener;
  }

  destroy(): void {
    this.#life.gaveUp();
    this.#fail(STOPPED_ANSWERING);
  }

  async close(): Promise<void> {
    this.#life.closing();
    this.#failure ??= closedLocally(this.#setup.destination);
    this.#socket.destroy();
    await this.closed;
  }

  #receive(chunk: Buffer, reader: PacketReader): void {
    this.#life.heard();
    try {
      for (const packet of reader.read(chunk)) this.#channels.receive(packet);
    } catch (error) {
      this.#fail('the ssh process sent invalid data', error);
    }
  }

  #fail(problem: string, cause?: unknown): void {
    this.#failure ??= connectionLost(this.#setup.destination, problem, cause);
    this.#socket.destroy();
  }

  /** Ends the `ssh` in the background; resolves when nothing of it is left. */
  async #end(): Promise<TunnelError> {
    this.#failure ??= connectionLost(this.#setup.destination, CLOSED_BY_HOST);
    this.#life.ended();
    this.#channels.lose(this.#failure);
    this.#ended ??= terminate(this.#setup.controlPath, this.#pid);
    await this.#ended;
    removePrivateFolder(this.#setup.folder);
    return this.#failure;
  }
}

/** Resolves when the host has closed a session and all output was read. */
async function endOf(session: CommandSession): Promise<CommandExit | undefined> {
  const closed = new Promise((resolve) => session.once('close', resolve));
  await Promise.all([closed, finished(session.stderr)]);
  if (session.loss) throw session.loss;
  return session.exit;
}

/** Requests a channel of a type that no server has: any living server refuses it (RFC 4254 §5.1). */
function askForUnknown(channels: Channels, answered: () => void): boolean {
  void channels.probe().then((isRefused) => {
    if (isRefused) answered();
  });
  return true;
}

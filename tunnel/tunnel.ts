import { chooseTransport } from './connection/choose-transport.js';
import { type RaceOptions, raceDestinations } from './connection/race-destinations.js';
import { type Dial, ReconnectingConnection } from './connection/reconnecting-connection.js';
import type { TunnelState } from './connection/tunnel-states.js';
import { execOnConnection } from './exec/exec-on-connection.js';
import type { RemoteCommand } from './exec/remote-command.js';
import type { Pty, SessionProgram } from './exec/session-program.js';
import { Forward } from './forward/forward.js';
import type { ForwardTarget } from './forward/forward-target.js';
import type { ListenAddress } from './forward/listen-locally.js';
import { openChannel } from './forward/open-channel.js';
import { formatDestination } from './parse-destination.js';
import type { Transport } from './transport/transport.js';
import { type TunnelOptions, toRaceOptions } from './tunnel-options.js';

export interface ForwardOptions {
  /**
   * Listens there instead of at a unix socket in a private directory of its own: on a loopback TCP address, which every local
   * user can connect to (port 0: any), or at a unix socket with the mode 0600 in a directory of the caller's, of which
   * nothing must be there yet.
   */
  readonly listen?: ListenAddress | undefined;
  /** Aborts opening the forward; an open one stays until it is closed. */
  readonly signal?: AbortSignal | undefined;
}

/** How to run something on a host. */
export interface ProgramOptions {
  /** Abandons it, as {@link RemoteCommand.close} does. */
  readonly signal?: AbortSignal | undefined;
  /** Runs it on a pseudo-terminal, where its errors come with the rest of its output. */
  readonly pty?: Pty | undefined;
}

/**
 * An SSH connection that is kept alive, with any number of forwards and commands on it.
 *
 * ```ts
 * await using tunnel = await Tunnel.open({ destinations: ['root@host.example'] });
 * const { address } = await tunnel.forward({ host: '127.0.0.1', port: 2379 });
 * ```
 */
export class Tunnel implements AsyncDisposable {
  readonly #connection: ReconnectingConnection;
  readonly #raceOptions: RaceOptions;
  readonly #transport: Transport;
  readonly #forwards = new Set<Forward>();
  #closed: Promise<void> | undefined;

  private constructor(connection: ReconnectingConnection, raceOptions: RaceOptions, transport: Transport) {
    this.#connection = connection;
    this.#raceOptions = raceOptions;
    this.#transport = transport;
  }

  /**
   * Resolves when connected for the first time. Destinations that fail while another works are logged (`warn`). An abort
   * rejects with `signal.reason` and leaves nothing behind.
   *
   * @throws TunnelError when no destination works, with the most serious reason: `host-key-changed`,
   * `host-key-revoked`, `host-key-unknown`, `auth-failed`, `bad-identity`, `bad-destination` (also for an unreadable pin),
   * `unreachable`; with several destinations `attempts` has one error for each.
   */
  static async open(
    options: TunnelOptions,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Tunnel> {
    signal?.throwIfAborted();
    if (options.destinations.length === 0)
      throw new TypeError('destinations must name at least one SSH destination');
    const transport = chooseTransport(options.transport ?? 'auto');
    return Tunnel.#open(await toRaceOptions(options, { signal }), transport, signal);
  }

  static async #open(
    raceOptions: RaceOptions,
    transport: Transport,
    signal: AbortSignal | undefined,
  ): Promise<Tunnel> {
    const dial: Dial = ({ signal, mayAsk }) =>
      raceDestinations(mayAsk ? raceOptions : withoutQuestions(raceOptions), transport, { signal });
    const connection = await ReconnectingConnection.open(dial, {
      signal: signal ?? new AbortController().signal,
      log: raceOptions.log,
    });
    return new Tunnel(connection, raceOptions, transport);
  }

  /**
   * Opens another connection to the host that this one leads to, for more than one can carry: over a long link a connection is
   * full long before the link is. Nobody is asked anything. It is closed by itself.
   *
   * @throws TunnelError as {@link Tunnel.open}, also where logging in would take a question; `closed` after {@link close}
   */
  another({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Tunnel> {
    if (this.#closed !== undefined) return Promise.reject(this.#connection.closedError());
    const via = formatDestination(this.#connection.via);
    const same = this.#raceOptions.destinations.filter((one) => formatDestination(one) === via);
    const options = { ...this.#raceOptions, destinations: same, probe: undefined };
    return Tunnel.#open(withoutQuestions(options), this.#transport, signal);
  }

  get state(): TunnelState {
    return this.#connection.states.current;
  }

  /** The current state, then each change; ends after `closed`, or (without throwing) when the signal aborts. */
  states(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<TunnelState> {
    return this.#connection.states.follow(options);
  }

  /**
   * Opens a local address that leads to a target, as seen from the SSH server. The target is dialled (its command is run)
   * for each connection; `lastRefusal` says why the last one failed. An abort rejects with `signal.reason`.
   *
   * @throws TunnelError `forward-refused` when the local address cannot be used, `closed` after {@link close}
   */
  async forward(target: ForwardTarget, { listen, signal }: ForwardOptions = {}): Promise<Forward> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#connection.closedError();
    const { log, connectTimeoutMs } = this.#raceOptions;
    if (this.#leadsThroughChannel(target)) this.#connection.expectChannels();
    const forward = await Forward.open(target, this.#connection, {
      listen,
      holdTimeoutMs: connectTimeoutMs,
      host: formatDestination(this.#connection.via),
      onClose: () => this.#forwards.delete(forward),
      log,
    });
    this.#forwards.add(forward);
    if (signal?.aborted || this.#closed !== undefined) {
      await forward.close();
      signal?.throwIfAborted();
      throw this.#connection.closedError();
    }
    return forward;
  }

  /**
   * Runs a command in the login user's shell on the host; `shellCommand` builds one from a program and its arguments. Without
   * a command: that shell itself, or a subsystem of sshd.
   * Waits at most the connect timeout for SSH while it is down, and for the host's answer. A command is never run twice.
   *
   * @throws TunnelError `unreachable` when there was no connection in time, `exec-refused` when the host refuses to run it,
   * `outcome-unknown` when the host did not answer in time or before the connection was lost, `closed` after
   * {@link close}
   */
  async exec(program: SessionProgram, { signal, pty }: ProgramOptions = {}): Promise<RemoteCommand> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#connection.closedError();
    return execOnConnection(this.#connection, program, {
      pty,
      signal: signal ?? new AbortController().signal,
      holdTimeoutMs: this.#raceOptions.connectTimeoutMs,
      host: formatDestination(this.#connection.via),
    });
  }

  /**
   * Connects to a target as a forward does, and closes that connection at once: whether a way leads there. Waits for the host's
   * answer, and for SSH while it is down, until the signal aborts: then it rejects with `signal.reason`.
   *
   * @throws TunnelError `forward-refused` where the host does not connect, with `refusal` if it says why; `closed` after
   * {@link close}; the reason of the state `failed`
   */
  async tryConnect(target: ForwardTarget, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const channel = await openChannel(this.#connection, target, signal);
    // It was only about whether it opens. What is not read would keep it open.
    channel.on('error', () => {}).resume();
    channel.destroy();
  }

  /** Closes the forwards and disconnects, within about 1 s even if the host is silent. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A session that prepares for channels would be in the way of commands. */
  #leadsThroughChannel(target: ForwardTarget): boolean {
    if ('command' in target) return false;
    return this.#raceOptions.destinations.every(({ reach }) => !('command' in (reach?.(target) ?? target)));
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#forwards].map((forward) => forward.close()));
    await this.#connection.close();
  }
}

function withoutQuestions(options: RaceOptions): RaceOptions {
  return { ...options, questions: undefined, mayAnswer: false };
}

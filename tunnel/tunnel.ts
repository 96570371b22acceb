import type { Log } from '../base/log.js';
import { type TransportName, transportNamed } from './connection/choose-transport.js';
import { Connection, type Dial } from './connection/connection.js';
import { type RaceOptions, raceDestinations } from './connection/race-destinations.js';
import type { TunnelState } from './connection/state.js';
import { type Destination, formatDestination } from './destination.js';
import { execOn } from './exec/exec.js';
import type { RemoteCommand } from './exec/remote-command.js';
import { Forward } from './forward/forward.js';
import { type Ask, Questions } from './questions.js';
import type { ResolvedDestination } from './ssh-config/resolved-destination.js';
import type { ForwardTarget } from './transport/transport.js';

export interface TunnelOptions {
  /**
   * Ways into one fleet, at least one. All are tried at once, for each reconnect too; the first to let us in is used.
   * One that `resolveDestination` gave says itself how to log in and whom to trust: the five options below do not
   * count for it.
   */
  readonly destinations: readonly (Destination | ResolvedDestination)[];
  /** The only host key to accept (`SHA256:…`, `ssh-ed25519 AAAA…` or bare base64); a destination's own is preferred. */
  readonly hostKey?: string | undefined;
  /**
   * Host keys to accept without a pin; files that do not exist count as empty. Revoked keys count even with a pin. New
   * keys go to the first file: without any, a host that is unknown is refused and nobody is asked.
   */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** Private keys to log in with. One that cannot be used is an error. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Private keys to try too, last; absent and encrypted ones are passed over. */
  readonly optionalIdentityFiles?: readonly string[] | undefined;
  /** The SSH agent's socket (`SSH_AUTH_SOCK`), tried between the two. */
  readonly agentSocket?: string | undefined;
  /** For TCP, handshake and login together, each way in; also how long a forward holds a connection. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How often a silent connection is probed; whatever the host sends counts as life. Default 2,000. */
  readonly keepaliveIntervalMs?: number | undefined;
  /** Unanswered probes after which it counts as lost. Default 3: noticed after 8 s, and 3 s after waking from sleep. */
  readonly keepaliveCountMax?: number | undefined;
  /**
   * Asks a person about unknown host keys, for passphrases, passwords and second factors. Without it nothing is asked.
   * Tunnels of one run are given one {@link Questions}, so that they ask one after the other and say "host 3 of 12".
   */
  readonly ask?: Ask | Questions | undefined;
  /** What speaks SSH. Default `auto`: the system's `ssh` for destinations whose `needsOpenSsh` says why, else this process. */
  readonly transport?: TransportName | undefined;
  /** What is to be reached: of several ways in, one through which none of these answers is used only when there is no better. */
  readonly probe?: readonly ForwardTarget[] | undefined;
  readonly log?: Log | undefined;
}

export interface ForwardOptions {
  /** Listens on this loopback TCP address, which every local user can enter, instead of a private unix socket. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** Gives up making the forward; one that was made stays until it is closed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One SSH destination kept connected, with any number of forwards on it.
 *
 * ```ts
 * await using tunnel = await Tunnel.open({
 *   destinations: [parseDestination('root@host.example', { defaultUser: 'root' })],
 *   knownHostsFiles: ['/home/me/.ssh/known_hosts'],
 *   identityFiles: ['/home/me/.ssh/id_ed25519'],
 * });
 * const { address } = await tunnel.forward({ host: '127.0.0.1', port: 2379 });
 * ```
 */
export class Tunnel implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #waysIn: RaceOptions;
  readonly #forwards = new Set<Forward>();
  #closed: Promise<void> | undefined;

  private constructor(connection: Connection, waysIn: RaceOptions) {
    this.#connection = connection;
    this.#waysIn = waysIn;
  }

  /**
   * Resolves when connected for the first time. Ways in that fail while another works are logged (`warn`).
   * Aborting leaves nothing behind.
   *
   * @throws TunnelError when no way in works, the most serious reason of all ways: `host-key-changed`,
   * `host-key-revoked`, `host-key-unknown`, `auth-failed`, `bad-identity`, `bad-destination` (an unreadable pin),
   * `unreachable`; `ways` holds one error for each of several.
   */
  static async open(
    options: TunnelOptions,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Tunnel> {
    signal?.throwIfAborted();
    if (options.destinations.length === 0) throw new TypeError('destinations must name at least one way in');
    const waysIn = withDefaults(options);
    const transport = transportNamed(options.transport ?? 'auto');
    const dial: Dial = ({ signal, mayAsk }) =>
      raceDestinations(mayAsk ? waysIn : { ...waysIn, questions: undefined }, transport, { signal });
    const connection = await Connection.open(dial, {
      signal: signal ?? new AbortController().signal,
      log: options.log,
    });
    return new Tunnel(connection, waysIn);
  }

  get state(): TunnelState {
    return this.#connection.states.current;
  }

  /** The current state, then each change; ends after `closed`, or (without throwing) when the signal aborts. */
  states(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<TunnelState> {
    return this.#connection.states.follow(options);
  }

  /**
   * Makes a local address that leads to a target, as seen from the SSH server. The target is dialled
   * for each connection; why the last one was refused is in `lastRefusal`.
   *
   * @throws TunnelError `forward-refused` when the local address cannot be had, `closed` after {@link close}
   */
  async forward(target: ForwardTarget, { listen, signal }: ForwardOptions = {}): Promise<Forward> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#connection.closedError();
    const { log, connectTimeoutMs } = this.#waysIn;
    this.#connection.expectChannels();
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
   * Runs a command in the shell of the user that we are on the host; `shellCommand` makes one of a program and its
   * arguments. While SSH is down, and for the host's answer, it waits for the connect timeout at most. A command is
   * never run twice.
   *
   * @param options.signal lets go of the command, as {@link RemoteCommand.close} does
   * @throws TunnelError `unreachable` when it was waited for in vain, `exec-refused` when the host runs none for us,
   * `outcome-unknown` when the host did not answer, in time or before the connection was lost, `closed` after
   * {@link close}
   */
  async exec(command: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RemoteCommand> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#connection.closedError();
    return execOn(this.#connection, command, {
      signal: signal ?? new AbortController().signal,
      holdTimeoutMs: this.#waysIn.connectTimeoutMs,
      host: formatDestination(this.#connection.via),
    });
  }

  /** Closes the forwards and disconnects, within about a second even when the host is silent; idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#forwards].map((forward) => forward.close()));
    await this.#connection.close();
  }
}

function withDefaults(options: TunnelOptions): RaceOptions {
  return {
    destinations: options.destinations.map((one) => ('alias' in one ? one : withoutConfig(one, options))),
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepaliveIntervalMs: options.keepaliveIntervalMs ?? 2_000,
    keepaliveCountMax: options.keepaliveCountMax ?? 3,
    probe: options.probe,
    questions: options.ask && questionsOf(options.ask, options.destinations.map(formatDestination)),
    log: options.log,
  };
}

function questionsOf(ask: Ask | Questions, hosts: readonly string[]): Questions {
  const questions = ask instanceof Questions ? ask : new Questions(ask);
  questions.expect(hosts);
  return questions;
}

/** A destination of which no ssh_config says anything. */
function withoutConfig(destination: Destination, options: TunnelOptions): ResolvedDestination {
  const { agentSocket, identityFiles = [] } = options;
  const hostKey = destination.hostKey ?? options.hostKey;
  return {
    ...destination,
    ...(hostKey !== undefined && { hostKey }),
    alias: destination.host,
    sshConfig: 'none',
    strictHostKeyChecking: 'ask',
    knownHostsFiles: options.knownHostsFiles ?? [],
    hashKnownHosts: false,
    identityFiles,
    requiredIdentityFiles: identityFiles,
    defaultIdentityFiles: options.optionalIdentityFiles ?? [],
    identitiesOnly: false,
    ...(agentSocket !== undefined && { agentSocket }),
    certificateFiles: [],
    authMethods: ['publickey', 'keyboard-interactive', 'password'],
    jumps: [],
    batchMode: false,
    needsOpenSsh: [],
  };
}

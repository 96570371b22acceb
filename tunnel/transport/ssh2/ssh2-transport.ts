import type { Duplex } from 'node:stream';
import ssh2, { type ConnectConfig } from 'ssh2';
import { onAbort } from '../../../base/abort.js';
import { TunnelError } from '../../errors.js';
import type { ExecOptions, RemoteCommand } from '../../exec/remote-command.js';
import type { SessionProgram } from '../../exec/session-program.js';
import type { ChannelTarget, Reach } from '../../forward/forward-target.js';
import type { HostKeyTrust } from '../../host-key/decide-host-key.js';
import { orderHostKeyAlgorithms } from '../../host-key/order-host-key-algorithms.js';
import { readHostKeyTrust } from '../../host-key/read-host-key-trust.js';
import { findIdentities } from '../../identity/find-identities.js';
import type { Identity } from '../../identity/read-identity-files.js';
import { formatDestination } from '../../parse-destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { closedLocally, connectionLost, STOPPED_ANSWERING } from '../link-errors.js';
import { LinkMonitor } from '../liveness/link-monitor.js';
import { noteFallbackReason, watchForIdentification } from '../openssh-fallback-reason.js';
import type { DialOptions, Link, Transport } from '../transport.js';
import { execOnSsh2 } from './exec-on-ssh2.js';
import { ignoreOfferedHostKeys } from './internals/ignore-offered-host-keys.js';
import { ssh2LivenessProbes } from './internals/send-liveness-probes.js';
import { signWithoutAsking } from './internals/skip-key-query.js';
import { ReceiveWindows } from './internals/widen-receive-windows.js';
import { Ssh2Login } from './login/ssh2-login.js';
import { openSsh2Channel } from './open-ssh2-channel.js';
import { runWarmUp } from './run-warm-up.js';
import { openSsh2Socket } from './socket/open-ssh2-socket.js';
import type { Ssh2Socket } from './socket/ssh2-socket.js';
import { ssh2Algorithms } from './ssh2-algorithms.js';
import { closedByHost, type LinkPhase, translateLinkError } from './translate-link-error.js';
import { HostKeyVerifier } from './verify-or-ask-host-key.js';

/** How long closing may take before the socket is cut. */
const GOODBYE_TIMEOUT_MS = 1_000;

/** Speaks SSH inside this process, with the ssh2 package. */
export const ssh2Transport: Transport = {
  async dial(destination, options) {
    const { signal } = options;
    signal.throwIfAborted();
    const identities = await findIdentities(destination, options);
    const trust = await readHostKeyTrust(destination, { signal });
    signal.throwIfAborted();
    const socket = await openSsh2Socket(destination, options, ssh2Transport);
    const link = await linkOver(socket, destination, { ...options, identities, trust });
    await link.ready();
    return link;
  },
};

/** What a link needs. */
interface LinkOptions extends DialOptions {
  readonly identities: readonly Identity[];
  readonly trust: HostKeyTrust;
}

async function linkOver(
  socket: Ssh2Socket,
  destination: ResolvedDestination,
  options: LinkOptions,
): Promise<Ssh2Link> {
  try {
    return new Ssh2Link(socket, destination, options);
  } catch (error) {
    await socket.close();
    throw error;
  }
}

class Ssh2Link implements Link {
  readonly closed: Promise<TunnelError>;
  readonly #client = new ssh2.Client();
  readonly #windows = new ReceiveWindows();
  readonly #socket: Ssh2Socket;
  readonly #destination: ResolvedDestination;
  readonly #options: LinkOptions;
  /** Aborts when login has succeeded or failed. */
  readonly #attempt = new AbortController();
  readonly #hostKey: HostKeyVerifier;
  readonly #login: Ssh2Login;
  #stored: Promise<void> | undefined;
  #phase: LinkPhase = 'connecting';
  readonly #peer: ReturnType<typeof watchForIdentification>;
  #failure: TunnelError | undefined;
  /** After login. */
  #life: LinkMonitor | undefined;
  readonly #lost = new AbortController();
  #doubted: (isInDoubt: boolean) => void = () => {};

  constructor(socket: Ssh2Socket, destination: ResolvedDestination, options: LinkOptions) {
    this.#socket = socket;
    this.#destination = destination;
    this.#options = options;
    const attempt = { ...options, signal: this.#attempt.signal };
    const onRefused = (reason: unknown) => this.#giveUp(reason);
    this.#hostKey = new HostKeyVerifier(options.trust, destination, { ...attempt, onRefused });
    const onFailed = (reason: unknown) => {
      this.#giveUp(reason);
      this.#socket.destroy();
    };
    this.#login = new Ssh2Login(destination, options.identities, { ...attempt, onFailed });
    this.closed = this.#watch();
    this.#client.connect(this.#config());
    this.#peer = watchForIdentification(socket.stream);
    signWithoutAsking(this.#client, this.#login.rsa);
    ignoreOfferedHostKeys(this.#client);
  }

  /** Resolves after login. */
  async ready(): Promise<void> {
    const { signal } = this.#options;
    const unlisten = onAbort([signal], () => this.#giveUp(signal.reason));
    try {
      await Promise.race([
        new Promise<void>((resolve) => this.#client.once('ready', () => resolve())),
        this.closed.then((reason) => Promise.reject(reason)),
      ]);
      signal.throwIfAborted();
      await this.#login.addKeyToAgent();
    } catch (error) {
      this.#socket.destroy();
      this.#attempt.signal.throwIfAborted();
      throw error;
    } finally {
      unlisten();
      this.#attempt.abort();
      await this.#stored;
    }
  }

  get loginKey(): string | undefined {
    return this.#login.keyFingerprint;
  }

  get reach(): Reach | undefined {
    return this.#destination.reach;
  }

  expectChannels(): void {
    this.#life?.sessions.expectChannels();
  }

  openChannel(target: ChannelTarget, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    const [destination, windows] = [this.#destination, this.#windows];
    const opening = openSsh2Channel(this.#client, target, { destination, windows, signal });
    this.expectChannels();
    return opening;
  }

  exec(program: SessionProgram, { signal, pty }: ExecOptions): Promise<RemoteCommand> {
    const host = formatDestination(this.#destination);
    const ask = () => execOnSsh2(this.#client, program, { host, lost: this.#lost.signal, signal, pty });
    return this.#life?.sessions.command(ask, { signal }) ?? ask();
  }

  onDoubt(listener: (isInDoubt: boolean) => void): void {
    this.#doubted = listener;
  }

  destroy(): void {
    this.#life?.gaveUp();
    this.#failure ??= connectionLost(this.#destination, STOPPED_ANSWERING);
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    this.#life?.closing();
    this.#failure ??= closedLocally(this.#destination);
    this.#client.end();
    const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_TIMEOUT_MS);
    await this.closed;
    clearTimeout(timer);
  }

  /** Listens to the client; must run before connecting, because ssh2 reports immediately. */
  #watch(): Promise<TunnelError> {
    const client = this.#client;
    client.on('error', (error) => this.#onError(error));
    client.on('handshake', () => {
      if (this.#phase === 'connecting') this.#phase = 'authenticating';
      this.#stored ??= this.#hostKey.proven();
    });
    client.once('ready', () => {
      this.#phase = 'ready';
      this.#login.succeeded();
      this.#live();
    });
    // Before ssh2 sees it, which then ends channels as their commands would.
    this.#socket.stream.prependOnceListener('close', () => this.#lost.abort());
    // A peer that only half-closes would otherwise stay.
    client.on('end', () => this.#socket.destroy());
    return new Promise((resolve) => client.once('close', () => resolve(this.#reason())));
  }

  /** Why it is gone, once everything below it is closed; that may know a better reason. */
  async #reason(): Promise<TunnelError> {
    const underneath = await this.#socket.close();
    const failure = this.#failure ?? underneath ?? this.#noted(closedByHost(this.#destination, this.#phase));
    return failure.code === 'unreachable' ? (underneath ?? failure) : failure;
  }

  /** Ends the attempt: a TunnelError is its reason, anything else is thrown as it is. */
  #giveUp(reason: unknown): void {
    if (reason instanceof TunnelError && !this.#options.signal.aborted) {
      this.#failure ??= reason;
      return;
    }
    this.#attempt.abort(reason);
    this.#socket.destroy();
  }

  #onError(error: Error): void {
    if ('level' in error && error.level === 'agent') {
      // ssh2 continues with the next identity.
      this.#options.log?.('debug', `Could not get a signature: ${error.message}.`);
      return;
    }
    const { tried, accepts, isRepeating } = this.#login;
    const context = { phase: this.#phase, tried, accepts, isRepeating };
    this.#failure ??= this.#noted(translateLinkError(error, this.#destination, context), error);
    this.#socket.destroy();
  }

  #noted(failure: TunnelError, error?: Error): TunnelError {
    const { hasToldSecret } = this.#login;
    return noteFallbackReason(failure, error, { ...this.#peer, phase: this.#phase, hasToldSecret });
  }

  #live(): void {
    const life = new LinkMonitor({
      ...this.#options,
      destination: this.#destination,
      probes: ssh2LivenessProbes(this.#client),
      runWarmUp: () => runWarmUp(this.#client),
      onDoubt: (isInDoubt) => this.#doubted(isInDoubt),
      onSilent: () => this.destroy(),
      onMute: () => this.#socket.keepAlive?.(),
    });
    this.#life = life;
    this.#socket.stream.on('data', () => life.heard());
    this.#client.once('close', () => life.ended());
  }

  #config(): ConnectConfig {
    return {
      sock: this.#socket.stream,
      username: this.#destination.user,
      // The signal's time limit covers TCP too.
      readyTimeout: 0,
      // Our keepalive counts all traffic as life, not only answers.
      keepaliveInterval: 0,
      // Otherwise only servers that call themselves OpenSSH could forward sockets.
      strictVendor: false,
      algorithms: ssh2Algorithms(
        this.#destination,
        orderHostKeyAlgorithms(this.#options.trust, this.#destination.hostKeyAlgorithms),
      ),
      hostVerifier: this.#hostKey.verifier,
      authHandler: this.#login.handler(),
    };
  }
}

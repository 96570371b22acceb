import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import { formatDestination } from './destination.js';
import { TunnelError } from './errors.js';
import { type HostKeyTrust, orderHostKeyAlgorithms } from './host-key.js';
import { HostKeyCheck } from './host-key-check.js';
import { readTrust } from './host-trust.js';
import { type Identity, identitySources, readIdentities } from './identities.js';
import type { ResolvedDestination } from './ssh-config.js';
import { closedByHost, type LinkPhase, translateChannelError, translateLinkError } from './ssh2-error.js';
import { Ssh2Login } from './ssh2-login.js';
import type { DialOptions, ForwardTarget, Link, Transport } from './transport.js';

/** How long a closing connection may take to say goodbye. */
const GOODBYE_TIMEOUT_MS = 1_000;

/** For hosts with several addresses; Node's 250 ms gives up on far ones. */
const NEXT_ADDRESS_AFTER_MS = 1_000;

/** Speaks SSH inside this process, by way of ssh2. */
export const ssh2Transport: Transport = {
  async dial(destination, options) {
    const { signal, log } = options;
    signal.throwIfAborted();
    const host = formatDestination(destination);
    const identities = await readIdentities(identitySources(destination), { host, signal, log });
    const trust = await readTrust(destination, { signal });
    signal.throwIfAborted();
    const link = new Ssh2Link(destination, { ...options, identities, trust });
    await link.ready();
    return link;
  },
};

/** What a link is made with. */
interface LinkOptions extends DialOptions {
  readonly identities: readonly Identity[];
  readonly trust: HostKeyTrust;
}

class Ssh2Link implements Link {
  readonly closed: Promise<TunnelError>;
  readonly #client = new ssh2.Client();
  readonly #socket: Socket;
  readonly #destination: ResolvedDestination;
  readonly #options: LinkOptions;
  /** Aborts when we are logged in, or never will be. */
  readonly #attempt = new AbortController();
  readonly #hostKey: HostKeyCheck;
  readonly #login: Ssh2Login;
  #stored: Promise<void> | undefined;
  #phase: LinkPhase = 'connecting';
  #failure: TunnelError | undefined;

  constructor(destination: ResolvedDestination, options: LinkOptions) {
    this.#destination = destination;
    this.#options = options;
    const attempt = { ...options, signal: this.#attempt.signal };
    const onRefused = (reason: unknown) => this.#giveUp(reason);
    this.#hostKey = new HostKeyCheck(options.trust, destination, { ...attempt, onRefused });
    this.#login = new Ssh2Login(destination, options.identities, attempt);
    const { host, port } = destination;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    });
    this.closed = this.#watch();
    try {
      this.#client.connect(this.#config());
    } catch (error) {
      this.#socket.destroy();
      throw error;
    }
  }

  /** Settles when we are logged in. */
  async ready(): Promise<void> {
    const { signal } = this.#options;
    const abort = () => this.#giveUp(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([
        new Promise<void>((resolve) => this.#client.once('ready', () => resolve())),
        this.closed.then((reason) => Promise.reject(reason)),
      ]);
      signal.throwIfAborted();
    } catch (error) {
      this.#socket.destroy();
      this.#attempt.signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#attempt.abort();
      await this.#stored;
    }
  }

  async openChannel(target: ForwardTarget, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      const opened = (error: Error | undefined, channel: ClientChannel) => {
        signal.removeEventListener('abort', abort);
        if (error) reject(translateChannelError(error, this.#destination, target));
        else if (signal.aborted) discard(channel);
        else resolve(channel);
      };
      try {
        if ('socketPath' in target) this.#client.openssh_forwardOutStreamLocal(target.socketPath, opened);
        else this.#client.forwardOut('127.0.0.1', 0, target.host, target.port, opened);
      } catch (error) {
        // ssh2 throws when the connection is gone already.
        signal.removeEventListener('abort', abort);
        reject(
          translateChannelError(
            error instanceof Error ? error : new Error(String(error)),
            this.#destination,
            target,
          ),
        );
      }
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new TunnelError(
      'closed',
      formatDestination(this.#destination),
      `The connection to ${formatDestination(this.#destination)} was closed here.`,
    );
    this.#client.end();
    const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_TIMEOUT_MS);
    await this.closed;
    clearTimeout(timer);
  }

  /** Follows the connection's life; must run before connecting, for ssh2 reports at once. */
  #watch(): Promise<TunnelError> {
    const client = this.#client;
    client.on('error', (error) => this.#onError(error));
    client.on('handshake', () => {
      if (this.#phase === 'connecting') this.#phase = 'authenticating';
      this.#stored ??= this.#hostKey.proven();
    });
    client.once('ready', () => {
      this.#phase = 'ready';
      this.#openSession();
    });
    // A peer that only half-closes would otherwise linger: ssh2 stops its keepalive here.
    client.on('end', () => this.#socket.destroy());
    return new Promise((resolve) =>
      client.once('close', () => resolve(this.#failure ?? closedByHost(this.#destination, this.#phase))),
    );
  }

  /** Ends the attempt: with the reason that a TunnelError gives, else with what it is, an abort or a fault. */
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
      // ssh2 goes on with the next identity.
      this.#options.log?.('debug', `The SSH agent was of no use: ${error.message}.`);
      return;
    }
    const { tried, accepts } = this.#login;
    this.#failure ??= translateLinkError(error, this.#destination, {
      phase: this.#phase,
      tried,
      accepts,
    });
    this.#socket.destroy();
  }

  /**
   * A session that does nothing: sshd switches Nagle's algorithm off on its side only when one starts,
   * and without that every small packet of a forward waits some 40 ms. Its outcome does not matter.
   */
  #openSession(): void {
    this.#client.exec('exec true', (error, channel) => {
      if (error) return;
      channel.on('error', ignoreLateError);
      channel.resume();
      channel.stderr.resume();
    });
  }

  #config(): ConnectConfig {
    const { keepaliveIntervalMs, keepaliveCountMax, trust } = this.#options;
    return {
      sock: this.#socket,
      username: this.#destination.user,
      // Our own limit covers TCP too and is the signal's.
      readyTimeout: 0,
      keepaliveInterval: keepaliveIntervalMs,
      keepaliveCountMax,
      // Else sockets could be forwarded only by servers that call themselves OpenSSH.
      strictVendor: false,
      algorithms: {
        serverHostKey: orderHostKeyAlgorithms(trust, this.#destination.hostKeyAlgorithms),
        hmac: [
          'hmac-sha2-256-etm@openssh.com',
          'hmac-sha2-512-etm@openssh.com',
          'hmac-sha2-256',
          'hmac-sha2-512',
        ],
        compress: ['none'],
      },
      hostVerifier: this.#hostKey.verifier,
      authHandler: this.#login.handler(),
    };
  }
}

/** Lets go of a channel that nobody reads: unread data would keep it open. */
function discard(channel: ClientChannel): void {
  channel.on('error', ignoreLateError);
  channel.resume();
  channel.close();
}

/** What we let go of may still fail; nobody is left whom that concerns. */
function ignoreLateError(): void {}

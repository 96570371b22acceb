import type { Duplex } from 'node:stream';
import type { Log } from '../../base/log.js';
import type { TunnelError } from '../errors.js';
import type { ExecOptions, RemoteCommand } from '../exec/remote-command.js';
import type { SessionProgram } from '../exec/session-program.js';
import type { ChannelTarget, Reach } from '../forward/forward-target.js';
import type { PausableTimeout } from '../pausable-timeout.js';
import type { Questions } from '../question-queue.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { Clock } from './liveness/keepalive.js';

export interface DialOptions {
  /** How often silence is probed, in milliseconds. */
  readonly keepaliveIntervalMs: number;
  /** How many probes may go unanswered before the link counts as dead. */
  readonly keepaliveCountMax: number;
  /** Where the keepalive reads the time. Default the system's clock. */
  readonly clock?: Clock | undefined;
  /** Asks a person; without it nothing is asked. */
  readonly questions?: Questions | undefined;
  /** The attempt's time limit, which pauses while a person is asked. */
  readonly timeLimit?: PausableTimeout | undefined;
  /** Ends the attempt and leaves nothing behind; it rejects with `signal.reason`. */
  readonly signal: AbortSignal;
  readonly log?: Log | undefined;
}

/** One authenticated SSH connection. */
export interface Link {
  /** Resolves with the reason when the connection is gone; never rejects. */
  readonly closed: Promise<TunnelError>;
  /** The fingerprint of the key that the host accepted at login; undefined for a login without a key, and where it is not known. */
  readonly loginKey?: string | undefined;
  /** How targets are reached that no channel leads to. */
  readonly reach?: Reach | undefined;
  /**
   * Opens a channel. It emits `close` once both directions have ended and it was read to the end.
   * @throws TunnelError `forward-refused` when the host or the target refuses, `closed` when the link is gone
   */
  openChannel(target: ChannelTarget, options: { readonly signal: AbortSignal }): Promise<Duplex>;
  /**
   * Runs a command in the login user's shell on the host, that shell itself, or a subsystem of sshd.
   * @throws TunnelError `exec-refused` when the host refuses it, `closed` when the link was gone before the command was
   * sent, `outcome-unknown` when the link was lost, or the session closed, before the host answered
   */
  exec(program: SessionProgram, options: ExecOptions): Promise<RemoteCommand>;
  /** Prepares for channels that are about to be opened. Idempotent. */
  expectChannels(): void;
  /** Calls back with `true` when a probe goes unanswered, so the host may be gone; with `false` when it is heard again. */
  onDoubt(listener: (isInDoubt: boolean) => void): void;
  /** Drops the connection immediately, as for a host that is silent for too long. */
  destroy(): void;
  /** Disconnects, within about 1 s. Idempotent. */
  close(): Promise<void>;
}

/** An implementation of SSH. */
export interface Transport {
  /**
   * Connects, verifies the host and authenticates.
   * @throws TunnelError `host-key-*`, `auth-failed`, `bad-identity` or `unreachable`.
   */
  dial(destination: ResolvedDestination, options: DialOptions): Promise<Link>;
}

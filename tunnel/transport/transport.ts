import type { Duplex } from 'node:stream';
import type { Log } from '../../base/log.js';
import type { TunnelError } from '../errors.js';
import type { ExecOptions, RemoteCommand } from '../exec/remote-command.js';
import type { PausableTimeout } from '../pausable-timeout.js';
import type { Questions } from '../questions.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { Clock } from './liveness/keepalive.js';

/** What a channel leads to, as seen from the SSH server. */
export type ForwardTarget =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

export interface DialOptions {
  /** Silence is probed this often, in milliseconds. */
  readonly keepaliveIntervalMs: number;
  /** Probes that may go unanswered before the link counts as dead. */
  readonly keepaliveCountMax: number;
  /** Where the keepalive reads the time; the system's by default. */
  readonly clock?: Clock | undefined;
  /** To ask a person; without any, nothing is asked. */
  readonly questions?: Questions | undefined;
  /** The attempt's time limit, which stands still while a person is asked. */
  readonly timeLimit?: PausableTimeout | undefined;
  /** Ends the attempt, leaving nothing; it rejects with `signal.reason`. */
  readonly signal: AbortSignal;
  readonly log?: Log | undefined;
}

/** One authenticated SSH connection. */
export interface Link {
  /** Settles when the connection is gone, with the reason; it never rejects. */
  readonly closed: Promise<TunnelError>;
  /**
   * Opens a channel. Its `close` event comes once it is through in both directions and was read to the end.
   * @throws TunnelError `forward-refused` when the host or the target refuses, `closed` when the link is gone.
   */
  openChannel(target: ForwardTarget, options: { readonly signal: AbortSignal }): Promise<Duplex>;
  /**
   * Runs a command in the shell of the user that we are on the host.
   * @throws TunnelError `exec-refused` when the host runs none for us, `closed` when the link was gone before the
   * command was asked for, `outcome-unknown` when it went, or the session was closed, before the host answered
   */
  exec(command: string, options: ExecOptions): Promise<RemoteCommand>;
  /** Channels are about to be opened: makes ready for them what need not wait for the first. Idempotent. */
  expectChannels(): void;
  /** Calls back with `true` when a probe goes unanswered, so that the host may be gone, with `false` when it is heard again. */
  onDoubt(listener: (isInDoubt: boolean) => void): void;
  /** Ends at once, as when the host is silent for too long. */
  destroy(): void;
  /** Disconnects; bounded, idempotent. */
  close(): Promise<void>;
}

/** A way to speak SSH. */
export interface Transport {
  /**
   * Connects, verifies the host and authenticates.
   * @throws TunnelError `host-key-*`, `auth-failed`, `bad-identity` or `unreachable`.
   */
  dial(destination: ResolvedDestination, options: DialOptions): Promise<Link>;
}

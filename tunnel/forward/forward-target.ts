import { formatHostPort } from '../../base/format-host-port.js';

/** What a channel leads to, as seen from the SSH server. */
export type ChannelTarget =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/**
 * A command on the host whose standard input and output are the stream: one session of SSH for each connection, for what no
 * channel leads to.
 */
export interface CommandTarget {
  /** For the login user's shell, as `shellCommand` makes it. */
  readonly command: string;
  /** For errors. */
  readonly name: string;
  /** The line that it prints once it is connected. The stream begins after it; what comes before is dropped. */
  readonly greeting: string;
  readonly question?: CommandQuestion | undefined;
}

/** What a command may ask for before it is connected, such as sudo's password. */
export interface CommandQuestion {
  /** What it prints on its standard error then. */
  readonly prompt: string;
  /**
   * Finds an answer with which `verify` resolves with true: that gives it to the command, which did not ask again. If this
   * rejects, the connection fails for good, with that reason.
   */
  readonly answer: (options: {
    readonly verify: (answer: string) => Promise<boolean>;
    readonly signal: AbortSignal;
  }) => Promise<unknown>;
}

/** What a connection leads to. */
export type ForwardTarget = ChannelTarget | CommandTarget;

/** Says how a target is reached on a host where no channel leads to it. */
export type Reach = (target: ChannelTarget) => ForwardTarget;

/** For errors. */
export function formatTarget(target: ForwardTarget): string {
  if ('command' in target) return target.name;
  return 'socketPath' in target ? target.socketPath : formatHostPort(target.host, target.port);
}

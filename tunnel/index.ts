/**
 * SSH connections that are verified, kept alive, and carry forwards: private unix sockets whose connections lead to
 * addresses beyond the SSH server. Knows nothing of etcd.
 *
 * @module hawser/tunnel
 */

// For users: open a tunnel, forward through it, run commands.

export type { Log, LogLevel } from '../base/log.js';
export type { ConnectTrace, ForwardTrace } from '../base/trace.js';
export type { TransportName } from './connection/choose-transport.js';
export type { TunnelState } from './connection/tunnel-states.js';
export { type ForwardRefusal, TunnelError, type TunnelErrorCode, type TunnelErrorDetails } from './errors.js';
export type { CommandExit, RemoteCommand } from './exec/remote-command.js';
export type { Pty, SessionProgram, TerminalSize } from './exec/session-program.js';
export { shellCommand } from './exec/shell-command.js';
export type { Forward } from './forward/forward.js';
export type {
  ChannelTarget,
  CommandQuestion,
  CommandTarget,
  ForwardTarget,
  Reach,
} from './forward/forward-target.js';
export type { ListenAddress } from './forward/listen-locally.js';
export { type Destination, formatDestination, parseDestination } from './parse-destination.js';
export { type Ask, type Question, Questions } from './question-queue.js';

export { type ForwardOptions, type ProgramOptions, Tunnel } from './tunnel.js';
export type {
  AddressedTunnelOptions,
  NamedTunnelOptions,
  ResolvedTunnelOptions,
  SharedTunnelOptions,
  TunnelOptions,
} from './tunnel-options.js';
export { TunnelPool, type TunnelShare } from './tunnel-pool.js';

// For library authors: what ssh_config says of a destination, before a tunnel is opened to it.

export {
  type DestinationFlags,
  type ResolveOptions,
  resolveDestination,
} from './ssh-config/resolve-destination.js';
export type {
  AddKeysToAgent,
  AuthMethod,
  ResolvedDestination,
  StrictHostKeyChecking,
} from './ssh-config/resolved-destination.js';

/**
 * SSH connections that are verified, kept, and carry forwards: private unix sockets whose connections lead to
 * addresses beyond the SSH server. Knows nothing of etcd.
 */
export type { TransportName } from './auto-transport.js';
export { type Destination, formatDestination, parseDestination } from './destination.js';
export { TunnelError, type TunnelErrorCode, type TunnelErrorDetails } from './errors.js';
export type { Forward } from './forward.js';
export type { Log, LogLevel } from './log.js';
export { TunnelPool, type TunnelShare } from './pool.js';
export { type Ask, type Question, Questions } from './questions.js';
export type { CommandExit, RemoteCommand } from './remote-command.js';
export { shellCommand } from './shell-words.js';
export {
  type DestinationFlags,
  type ResolveOptions,
  resolveDestination,
} from './ssh-config/resolve.js';
export type {
  AddKeysToAgent,
  AuthMethod,
  ResolvedDestination,
  StrictHostKeyChecking,
} from './ssh-config.js';
export type { TunnelState } from './states.js';
export type { ForwardTarget } from './transport.js';
export { type ForwardOptions, Tunnel, type TunnelOptions } from './tunnel.js';

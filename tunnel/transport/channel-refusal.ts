import { formatHostPort } from '../../base/host-port.js';
import { type Destination, formatDestination } from '../destination.js';
import { TunnelError } from '../errors.js';
import { shorten } from '../shorten.js';
import type { ForwardTarget } from './transport.js';

/** What an SSH server said when it did not open a channel (RFC 4254 §5.1). */
export interface ChannelRefusal {
  /** 1 is administratively prohibited, 2 that the connection failed. */
  readonly reason: number;
  readonly description: string;
  readonly cause?: Error | undefined;
}

/** The error of a channel that the server, or the target beyond it, refused. */
export function channelRefused(
  destination: Destination,
  target: ForwardTarget,
  { reason, description, cause }: ChannelRefusal,
): TunnelError {
  const host = formatDestination(destination);
  return new TunnelError(
    'forward-refused',
    host,
    `${host} did not connect us to ${formatTarget(target)}: ${shorten(description)}. ${adviceFor(reason, target)}`,
    { cause },
  );
}

/** The error of a channel whose connection went away before it was open. */
export function channelLost(destination: Destination, target: ForwardTarget, cause?: unknown): TunnelError {
  const host = formatDestination(destination);
  return new TunnelError(
    'closed',
    host,
    `The connection to ${host} went away while ${formatTarget(target)} was dialled.`,
    { cause },
  );
}

function formatTarget(target: ForwardTarget): string {
  return 'socketPath' in target ? target.socketPath : formatHostPort(target.host, target.port);
}

function adviceFor(reason: number, target: ForwardTarget): string {
  if (reason === 1) return 'Its SSH server forbids it: look at AllowTcpForwarding and PermitOpen there.';
  if ('socketPath' in target)
    return 'See that the socket is there, and AllowStreamLocalForwarding in its SSH server.';
  return 'See that something listens there.';
}

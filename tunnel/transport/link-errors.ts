import { type ForwardRefusal, TunnelError, type TunnelErrorDetails } from '../errors.js';
import { shorten } from '../format-for-message.js';
import { type ChannelTarget, formatTarget } from '../forward/forward-target.js';
import { type Destination, formatDestination } from '../parse-destination.js';

/** What to do about a host that cannot be reached. */
export const CHECK_ADDRESS = 'Check the address and that its SSH server is running.';

/** Ways in which connections are lost, to follow their host. */
export const CLOSED_BY_HOST = 'it closed the connection';
export const STOPPED_ANSWERING = 'it stopped answering';

/** The error of a connection that was not made. */
export function unreachable(
  host: string,
  problem: string,
  details: Pick<TunnelErrorDetails, 'cause' | 'wasDropped' | 'brokeOff'> = {},
): TunnelError {
  return new TunnelError(
    'unreachable',
    host,
    `Could not connect to ${host}: ${problem}. ${CHECK_ADDRESS}`,
    details,
  );
}

/** The error of an established connection that was lost. */
export function connectionLost(destination: Destination, problem: string, cause?: unknown): TunnelError {
  const host = formatDestination(destination);
  return new TunnelError('unreachable', host, `The connection to ${host} was lost: ${problem}.`, { cause });
}

/** The error of a connection that `Link.close` ended. */
export function closedLocally(destination: Destination): TunnelError {
  const host = formatDestination(destination);
  return new TunnelError('closed', host, `The connection to ${host} was closed by this process.`);
}

/** The error of a login whose question nobody answered. */
export function noAnswer(host: string, method: string): TunnelError {
  const message = `Could not log in to ${host}: it asked a question that was not answered. Connect again and answer it.`;
  return new TunnelError('auth-failed', host, message, { tried: [method] });
}

/** What an SSH server says when it does not open a channel (RFC 4254 §5.1). */
export interface ChannelRefusal {
  /** 1: administratively prohibited, 2: the connection failed. */
  readonly reason: number;
  readonly description: string;
  readonly cause?: Error | undefined;
}

/** The error of a channel that the server, or the target behind it, refused. */
export function channelRefused(
  destination: Destination,
  target: ChannelTarget,
  { reason, description, cause }: ChannelRefusal,
): TunnelError {
  const host = formatDestination(destination);
  const refusal = refusalOf(reason, description, target);
  return new TunnelError(
    'forward-refused',
    host,
    `${host} refused the connection to ${formatTarget(target)}: ${shorten(description)}. ${adviceFor(refusal, target)}`,
    { cause, refusal },
  );
}

/** The error of a channel whose connection was lost before it was open. */
export function channelLost(destination: Destination, target: ChannelTarget, cause?: unknown): TunnelError {
  const host = formatDestination(destination);
  return new TunnelError(
    'closed',
    host,
    `The connection to ${host} was lost while connecting to ${formatTarget(target)}.`,
    { cause },
  );
}

/** OpenSSH passes on what the system said, or "open failed" if that came at once. Where others say less, nothing is known. */
function refusalOf(reason: number, description: string, target: ChannelTarget): ForwardRefusal | undefined {
  if (reason === 1) return 'forbidden';
  // For a socket OpenSSH says "open failed" of everything.
  if ('socketPath' in target) return undefined;
  if (/\brefused\b/i.test(description)) return 'not-listening';
  const isNoWay = /no route to host|unreachable|timed out|host is down|^open failed$/i.test(description);
  return isNoWay ? 'no-way' : undefined;
}

function adviceFor(refusal: ForwardRefusal | undefined, target: ChannelTarget): string {
  if (refusal === 'forbidden')
    return 'Its SSH server forbids it: check AllowTcpForwarding and PermitOpen there.';
  if ('socketPath' in target)
    return 'Check that the socket exists there and that its SSH server allows it (AllowStreamLocalForwarding).';
  return refusal === 'no-way'
    ? 'Check the address, and the firewalls in between.'
    : 'Check that something is listening there.';
}

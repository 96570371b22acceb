import { TunnelError } from '../../errors.js';
import { shorten } from '../../format-for-message.js';
import type { ChannelTarget } from '../../forward/forward-target.js';
import { unprovenError } from '../../host-key/host-key-errors.js';
import { type Destination, formatDestination } from '../../parse-destination.js';
import {
  CLOSED_BY_HOST,
  channelLost,
  channelRefused,
  connectionLost,
  STOPPED_ANSWERING,
  unreachable,
} from '../link-errors.js';
import { type AlgorithmOption, noCommonAlgorithmError } from '../no-common-algorithm-error.js';

/** How far a connection has got: the same event means different things. */
export type LinkPhase = 'connecting' | 'authenticating' | 'ready';

/** Disconnect codes (RFC 4253 §11.1) that end authentication; OpenSSH sends 2 for too many failures. */
const AUTH_DISCONNECTS: readonly unknown[] = [2, 14];

const SOCKET_PROBLEMS = new Map<unknown, string>([
  ['ECONNREFUSED', 'nothing is listening there (connection refused)'],
  ['ENOTFOUND', 'there is no host with that name'],
  ['EAI_AGAIN', 'the name lookup failed temporarily'],
  ['EHOSTUNREACH', 'there is no route to the host'],
  ['ENETUNREACH', 'there is no route to its network'],
  ['EINVAL', 'this machine cannot connect to such an address'],
  ['ETIMEDOUT', 'it did not answer'],
  ['ECONNRESET', 'it reset the connection'],
  ['EPIPE', 'it closed the connection'],
]);

/** ssh2 gives no code for what could not be negotiated. */
const DISAGREEMENTS: readonly (readonly [text: RegExp, option: AlgorithmOption])[] = [
  [/no matching key exchange/i, 'KexAlgorithms'],
  [/no matching host key/i, 'HostKeyAlgorithms'],
  [/no matching \S+ cipher/i, 'Ciphers'],
  [/no matching \S+ MAC/i, 'MACs'],
];

/** Errors of an established connection that the peer dropped. */
const HANG_UPS: readonly unknown[] = ['ECONNRESET', 'EPIPE'];

/** Says what an `error` event of ssh2 means for a connection in the given phase. */
export function translateLinkError(
  error: Error,
  destination: Destination,
  { phase, tried, accepts, isRepeating = false }: LinkContext,
): TunnelError {
  const host = formatDestination(destination);
  const level = 'level' in error ? error.level : undefined;
  const code = 'code' in error ? error.code : undefined;
  if (phase === 'authenticating' && (level === 'client-authentication' || AUTH_DISCONNECTS.includes(code))) {
    const isCutShort = AUTH_DISCONNECTS.includes(code) && !isRepeating;
    return authFailed(host, { tried, accepts, isCutShort }, error);
  }
  // The only signature in a handshake is the host's.
  if (level === 'handshake' && /signature/i.test(error.message)) return unprovenError(destination, error);
  const option = level === 'handshake' && DISAGREEMENTS.find(([text]) => text.test(error.message))?.[1];
  if (option) return noCommonAlgorithmError(destination, { option, cause: error });
  const problem = SOCKET_PROBLEMS.get(code) ?? problemOf(error, level, phase);
  if (phase !== 'ready') {
    const wasDropped = phase === 'connecting' && (level === 'protocol' || HANG_UPS.includes(code));
    const brokeOff = phase === 'authenticating' && HANG_UPS.includes(code);
    return unreachable(host, problem, { cause: error, wasDropped, brokeOff });
  }
  return connectionLost(destination, problem, error);
}

/** The connection that an error belongs to. */
export interface LinkContext {
  readonly phase: LinkPhase;
  /** Identities and methods that the host refused so far. */
  readonly tried: readonly string[];
  /** Authentication methods that the host would accept next. */
  readonly accepts: readonly string[];
  /** Whether everything had been offered once. */
  readonly isRepeating?: boolean | undefined;
}

/** The error of a connection that closed without a reported error. */
export function closedByHost(destination: Destination, phase: LinkPhase): TunnelError {
  return phase === 'ready'
    ? connectionLost(destination, CLOSED_BY_HOST)
    : unreachable(formatDestination(destination), 'it closed the connection during login', {
        brokeOff: true,
      });
}

/** Says why a channel was not opened. */
export function translateChannelError(
  error: Error,
  destination: Destination,
  target: ChannelTarget,
): TunnelError {
  // Only a refusal by the server has a reason; everything else means that the connection is gone.
  const reason = 'reason' in error ? error.reason : undefined;
  if (typeof reason !== 'number') return channelLost(destination, target, error);
  const description = error.message.replace(/^\(SSH\) Channel open failure: /, '');
  return channelRefused(destination, target, { reason, description, cause: error });
}

function authFailed(
  host: string,
  { tried, accepts, isCutShort }: Pick<LinkContext, 'tried' | 'accepts'> & { readonly isCutShort: boolean },
  cause: Error,
): TunnelError {
  const offered = tried.length > 0 ? `it refused ${tried.join(', ')}` : 'there was no identity to offer';
  const others = accepts.filter((method) => method !== 'publickey');
  const advice = isCutShort
    ? 'It allows no more attempts: name the right key with --ssh-id, and hold back the others with "IdentitiesOnly yes".'
    : 'Use a key that is in its authorized_keys, or add that key to your SSH agent.';
  const more = others.length > 0 ? ` (it would accept: ${shorten(accepts.join(', '))})` : '';
  return new TunnelError('auth-failed', host, `Could not log in to ${host}: ${offered}${more}. ${advice}`, {
    cause,
    tried,
    accepts,
  });
}

function problemOf(error: Error, level: unknown, phase: LinkPhase): string {
  if (level === 'client-timeout') return STOPPED_ANSWERING;
  if (level === 'protocol' && phase === 'connecting') {
    return 'it hung up immediately (too many logins in progress, or not an SSH server)';
  }
  return `SSH protocol error (${shorten(error.message)})`;
}

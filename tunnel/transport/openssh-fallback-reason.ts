import type { Duplex } from 'node:stream';
import type { TunnelError } from '../errors.js';

/** Why to try OpenSSH where ssh2 failed. */
export interface FallbackReason {
  /** Part of a sentence. */
  readonly reason: string;
  /** Whether ssh2 will fail the next time too: a host that hung up may have had another reason. */
  readonly isCertain: boolean;
}

/** How far a connection got when it failed. */
export interface Progress {
  readonly phase: 'connecting' | 'authenticating' | 'ready';
  /** The line with which the peer identified itself as an SSH server. */
  readonly identification: string | undefined;
  /** Whether a password or an answer was sent: that must not be repeated without asking. */
  readonly hasToldSecret: boolean;
}

const found = new WeakMap<TunnelError, FallbackReason>();

/** Why ssh2 could not talk to a host; undefined where OpenSSH would fare no better. */
export function fallbackReason(error: TunnelError): FallbackReason | undefined {
  if (error.code === 'no-common-algorithm') {
    return { reason: `ssh2 supports none of the host's ${error.algorithmOption}`, isCertain: true };
  }
  return found.get(error);
}

/**
 * Notes that OpenSSH may succeed with a host where ssh2 failed: one that identified itself as an SSH server, was sent no
 * secret yet, and neither refused the login nor failed to prove its identity.
 *
 * @param error what ssh2 reports; undefined when the host hung up without a message
 */
export function noteFallbackReason(
  failure: TunnelError,
  error: Error | undefined,
  progress: Progress,
): TunnelError {
  const beyond = classify(failure, error, progress);
  if (beyond) found.set(failure, beyond);
  return failure;
}

function classify(
  { code }: TunnelError,
  error: Error | undefined,
  { phase, identification, hasToldSecret }: Progress,
): FallbackReason | undefined {
  if (identification === undefined || hasToldSecret || phase === 'ready') return undefined;
  if (phase === 'connecting' && error && !isAscii(identification)) {
    // ssh2 computes the signed hash from different bytes than were sent.
    return { reason: 'ssh2 cannot read the name of its SSH server', isCertain: true };
  }
  // A wrong signature means an interceptor, not a missing feature.
  if (code !== 'unreachable' || (error && /signature|denied/i.test(error.message))) return undefined;
  if (error && !isHangUp(error)) {
    return { reason: `ssh2 does not understand it (${error.message})`, isCertain: true };
  }
  // During login, a host may hang up because it refuses the user.
  return phase === 'connecting' ? { reason: 'it hung up on ssh2', isCertain: false } : undefined;
}

/** Socket errors have a code, and so do SSH disconnect messages. */
function isHangUp(error: Error): boolean {
  const level = 'level' in error ? error.level : undefined;
  return 'code' in error || level === 'client-timeout' || /^connection lost/i.test(error.message);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** How much may come before the identification line. */
const MAX_SCANNED_CHARACTERS = 65_536;

/** Watches for the line with which a host identifies itself as an SSH server. */
export function watchForIdentification(stream: Duplex): Pick<Progress, 'identification'> {
  const watched: { identification: string | undefined } = { identification: undefined };
  let text = '';
  const scan = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    watched.identification = /^SSH-(?:2\.0|1\.99)-[^\n]*(?=\n)/m.exec(text)?.[0].replace(/\r$/, '');
    if (watched.identification !== undefined || text.length > MAX_SCANNED_CHARACTERS)
      stream.off('data', scan);
  };
  // Before ssh2 reads it, which may fail immediately.
  stream.prependListener('data', scan);
  return watched;
}

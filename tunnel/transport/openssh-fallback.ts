import type { Duplex } from 'node:stream';
import type { TunnelError } from '../errors.js';

/** What ssh2 could not do, as a part of a sentence. */
export interface FallbackReason {
  readonly reason: string;
  /** Whether it will be so the next time: a host that hangs up may have had another reason. */
  readonly isCertain: boolean;
}

/** How far a connection came when it failed. */
export interface Progress {
  readonly phase: 'connecting' | 'authenticating' | 'ready';
  /** The line by which the other side said that it is an SSH server. */
  readonly identification: string | undefined;
  /** Whether a password or an answer was sent: that is not to be done twice behind a person's back. */
  readonly hasToldSecret: boolean;
}

const found = new WeakMap<TunnelError, FallbackReason>();

/** Why ssh2 could not speak with a host; undefined for everything that OpenSSH could not mend. */
export function fallbackReason(error: TunnelError): FallbackReason | undefined {
  if (error.code === 'no-common-algorithm') {
    return { reason: `ssh2 supports none of the host's ${error.algorithmOption}`, isCertain: true };
  }
  return found.get(error);
}

/**
 * Notes that OpenSSH may get on with a host with which ssh2 could not: one that says that it speaks SSH, that was
 * trusted with nothing yet, and that neither refused us nor failed to prove who it is.
 *
 * @param error what ssh2 says; undefined when the host hung up without a word
 */
export function noteFallbackReason(
  failure: TunnelError,
  error: Error | undefined,
  progress: Progress,
): TunnelError {
  const beyond = judge(failure, error, progress);
  if (beyond) found.set(failure, beyond);
  return failure;
}

function judge(
  { code }: TunnelError,
  error: Error | undefined,
  { phase, identification, hasToldSecret }: Progress,
): FallbackReason | undefined {
  if (identification === undefined || hasToldSecret || phase === 'ready') return undefined;
  if (phase === 'connecting' && error && !isAscii(identification)) {
    // ssh2 computes what the host signs of other bytes than were sent.
    return { reason: 'ssh2 cannot read the name of its SSH server', isCertain: true };
  }
  // Whoever is in between could not sign: that is no matter of what can be spoken.
  if (code !== 'unreachable' || (error && /signature|denied/i.test(error.message))) return undefined;
  if (error && !isHangUp(error)) {
    return { reason: `ssh2 does not understand it (${error.message})`, isCertain: true };
  }
  // While logging in, a host may hang up because it does not want us.
  return phase === 'connecting' ? { reason: 'it hung up on ssh2', isCertain: false } : undefined;
}

/** Those of the socket have a code, and so have the words with which a host hangs up. */
function isHangUp(error: Error): boolean {
  const level = 'level' in error ? error.level : undefined;
  return 'code' in error || level === 'client-timeout' || /^connection lost/i.test(error.message);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** What may come before the line that says so. */
const MAX_SCANNED_CHARACTERS = 65_536;

/** Watches for the line by which a host says that it is an SSH server. */
export function watchForIdentification(stream: Duplex): Pick<Progress, 'identification'> {
  const watched: { identification: string | undefined } = { identification: undefined };
  let text = '';
  const scan = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    watched.identification = /^SSH-(?:2\.0|1\.99)-[^\n]*(?=\n)/m.exec(text)?.[0].replace(/\r$/, '');
    if (watched.identification !== undefined || text.length > MAX_SCANNED_CHARACTERS)
      stream.off('data', scan);
  };
  // Before ssh2 reads it, which may fail at once.
  stream.prependListener('data', scan);
  return watched;
}

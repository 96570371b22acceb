/** What went wrong. */
export type TunnelErrorCode =
  | 'bad-destination'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'host-key-unproven'
  | 'auth-failed'
  | 'bad-identity'
  | 'no-common-algorithm'
  | 'unreachable'
  | 'forward-refused'
  | 'exec-refused'
  | 'outcome-unknown'
  | 'closed';

/** Why a host did not connect to a target: its SSH server forbids it, nothing listens there (but the way is open), or no way leads there. */
export type ForwardRefusal = 'forbidden' | 'not-listening' | 'no-way';

/** Further facts, for programs; none of them is secret. */
export interface TunnelErrorDetails {
  readonly cause?: unknown;
  /** Of the key that the host presented: `SHA256:…`. */
  readonly fingerprint?: string | undefined;
  /** Of the keys that were expected instead. */
  readonly expectedFingerprints?: readonly string[] | undefined;
  /** The known_hosts or identity file that decided. */
  readonly file?: string | undefined;
  /** From 1, in `file`. */
  readonly line?: number | undefined;
  /** What the host refused: identities by file name (keys only in the SSH agent by comment), `password`, `keyboard-interactive`. */
  readonly tried?: readonly string[] | undefined;
  /** For `auth-failed`: the methods by which the host would let somebody in, such as `publickey`; empty if it did not say. */
  readonly accepts?: readonly string[] | undefined;
  /** The server hung up before it said anything, as sshd does while too many logins are in progress (MaxStartups). */
  readonly wasDropped?: boolean | undefined;
  /** The server was there, and the connection broke off during login. */
  readonly brokeOff?: boolean | undefined;
  /** For `no-common-algorithm`: the ssh_config option that lists such algorithms. */
  readonly algorithmOption?: string | undefined;
  /** For `forward-refused`, if the host says why. */
  readonly refusal?: ForwardRefusal | undefined;
  /** When several destinations were tried: why each of them failed. */
  readonly attempts?: readonly TunnelError[] | undefined;
}

/** Any failure of a tunnel that a person or a program can act on. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly code: TunnelErrorCode;
  /** `user@host:port`; for `bad-destination` the text as given, without a password. */
  readonly host: string;
  readonly fingerprint: string | undefined;
  readonly expectedFingerprints: readonly string[];
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly tried: readonly string[];
  readonly accepts: readonly string[];
  readonly wasDropped: boolean;
  readonly brokeOff: boolean;
  readonly algorithmOption: string | undefined;
  readonly refusal: ForwardRefusal | undefined;
  readonly attempts: readonly TunnelError[];

  constructor(code: TunnelErrorCode, host: string, message: string, details: TunnelErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.host = host;
    this.fingerprint = details.fingerprint;
    this.expectedFingerprints = details.expectedFingerprints ?? [];
    this.file = details.file;
    this.line = details.line;
    this.tried = details.tried ?? [];
    this.accepts = details.accepts ?? [];
    this.wasDropped = details.wasDropped ?? false;
    this.brokeOff = details.brokeOff ?? false;
    this.algorithmOption = details.algorithmOption;
    this.refusal = details.refusal;
    this.attempts = details.attempts ?? [];
  }
}

/** Most serious first: what a person must see when destinations fail for different reasons. */
const SEVERITY: readonly TunnelErrorCode[] = [
  'host-key-changed',
  'host-key-revoked',
  'host-key-unproven',
  'host-key-unknown',
  'auth-failed',
  'bad-identity',
  'bad-destination',
  'no-common-algorithm',
  'forward-refused',
  'exec-refused',
  'outcome-unknown',
  'unreachable',
  'closed',
];

/** One error for destinations that all failed: the most serious, with all of them in `attempts`. */
export function mostSerious(errors: readonly TunnelError[]): TunnelError {
  const [worst] = [...errors].sort((a, b) => SEVERITY.indexOf(a.code) - SEVERITY.indexOf(b.code));
  if (worst === undefined) throw new RangeError('mostSerious needs at least one error');
  if (errors.length === 1) return worst;
  const message =
    worst.code === 'unreachable'
      ? `None of the ${errors.length} SSH destinations could be reached: ${errors.map((error) => error.message).join(' ')}`
      : worst.message;
  return new TunnelError(worst.code, worst.host, message, { ...detailsOf(worst), attempts: errors });
}

/** Whether retrying is pointless until a person changes something. */
export function isPermanent(error: TunnelError): boolean {
  if (error.attempts.length > 0) return error.attempts.every(isPermanent);
  return error.code !== 'unreachable' && error.code !== 'closed';
}

function detailsOf(error: TunnelError): TunnelErrorDetails {
  return {
    cause: error.cause,
    expectedFingerprints: error.expectedFingerprints,
    tried: error.tried,
    accepts: error.accepts,
    algorithmOption: error.algorithmOption,
    fingerprint: error.fingerprint,
    refusal: error.refusal,
    file: error.file,
    line: error.line,
  };
}

import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import type { Log } from '../../../../base/log.js';
import type { RsaAlgorithms } from '../../../key-formats/choose-rsa-algorithm.js';
import type { PausableTimeout } from '../../../pausable-timeout.js';
import type { Questions } from '../../../question-queue.js';

/** One login method, as ssh2 takes it. */
export interface LoginMethod {
  readonly method: AnyAuthMethod;
  /** Its name in errors, once the host refused it. */
  readonly name?: string | undefined;
  /** For a key: its public half. */
  readonly publicKey?: Buffer | undefined;
  /** Whether it is an RSA key, which may be offered again with another signature algorithm. */
  readonly isRsa?: boolean | undefined;
  /** For a key from a file: its private half, once it is unlocked. */
  readonly privateKey?: () => ParsedKey | undefined;
  /** For a key offered through an agent: whether the host asked for a signature, and got one. */
  readonly signature?: (() => Signature) | undefined;
}

export type Signature = 'not-wanted' | 'given' | 'failed';

export interface LoginOptions {
  /** Asks a person; without it nothing is asked. */
  readonly questions?: Questions | undefined;
  readonly timeLimit?: PausableTimeout | undefined;
  /** Aborts when login has succeeded or failed. */
  readonly signal: AbortSignal;
  /** Told what ends the login: a TunnelError `bad-identity`, or whatever a question rejected with. */
  readonly onFailed: (reason: unknown) => void;
  readonly rsa: RsaAlgorithms;
  readonly log?: Log | undefined;
}

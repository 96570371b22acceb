import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import type { Log } from '../../../../base/log.js';
import type { RsaAlgorithms } from '../../../key-formats/rsa-algorithms.js';
import type { PausableTimeout } from '../../../pausable-timeout.js';
import type { Questions } from '../../../questions.js';

/** One thing to try, as ssh2 is to try it. */
export interface LoginMethod {
  readonly method: AnyAuthMethod;
  /** What to call it when the host refused it. */
  readonly name?: string | undefined;
  /** For an RSA key that is refused: whether it may be offered again, signing in another way. */
  readonly isRsa?: boolean | undefined;
  /** For a key from a file: its private half, once it is unlocked. */
  readonly privateKey?: () => ParsedKey | undefined;
  /** For a key offered by way of an agent: whether the host wanted a signature of it, and got one. */
  readonly signature?: (() => Signature) | undefined;
}

export type Signature = 'not-wanted' | 'given' | 'failed';

export interface LoginOptions {
  /** To ask a person; without any, nothing is asked. */
  readonly questions?: Questions | undefined;
  readonly timeLimit?: PausableTimeout | undefined;
  /** Aborts when we are logged in, or never will be. */
  readonly signal: AbortSignal;
  /** What keeps us from going on: a TunnelError `bad-identity`, or whatever a question rejected with. */
  readonly onFailed: (reason: unknown) => void;
  readonly rsa: RsaAlgorithms;
  readonly log?: Log | undefined;
}

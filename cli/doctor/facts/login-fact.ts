import type { TunnelError } from '../../../tunnel/errors.js';
import type { KeyFacts } from './key-facts.js';

/** A host key that is known for the host, and where that is written. */
export interface KnownKey {
  readonly type: string;
  readonly fingerprint: string;
  /** `FILE:LINE` */
  readonly place: string;
}

/** What came of connecting with SSH and logging in, and what there was to do it with. */
export interface LoginFact extends KeyFacts {
  /** Undefined where it worked. */
  readonly error: TunnelError | undefined;
  readonly known: readonly KnownKey[];
  /** When it was, in milliseconds since 1970. */
  readonly atMs: number;
}

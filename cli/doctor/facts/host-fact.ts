import type { HostFacts } from '../../setup/facts/host-facts.js';
import type { LookFact } from './parse-look.js';

/** What a host says of itself, once somebody is logged in there. */
export interface HostFact {
  /** Why no commands run there; then there is nothing else. */
  readonly execError?: string | undefined;
  /** Why root could not be reached; then some of the rest is missing. */
  readonly rootError?: string | undefined;
  readonly facts: HostFacts | undefined;
  readonly look: LookFact | undefined;
}

import type { OutputTaker } from '../command-run.js';
import type { HostOutcome } from '../host-outcome.js';

/** Shows a person or a program how a run goes. */
export interface Report extends AsyncDisposable {
  takerFor(hostname: string): OutputTaker;
  /** The command has ended on a host. */
  ended(outcome: HostOutcome): Promise<void>;
  /** It has ended everywhere. @param alikeness a sentence on how alike the outputs are */
  finish(outcomes: readonly HostOutcome[], alikeness: string | undefined): Promise<void>;
}

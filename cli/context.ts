import type { ExitCode } from './exit-code.js';
import type { Interrupts } from './interrupts.js';

/** What every command is given by the program. */
export interface Context {
  readonly version: string;
  readonly interrupts: Interrupts;
  /** What the process exits with when the command returns. */
  exitCode: ExitCode;
  /** Set by a command whose ordinary end is a signal (the agent under a service manager). */
  endedInOrder?: boolean;
}

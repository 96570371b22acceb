import type { Interrupts } from './interrupts.js';

/** What the program gives every command. */
export interface CommandContext {
  readonly version: string;
  readonly interrupts: Interrupts;
  /** The exit code of the process when the command returns: one of `EXIT_CODES`, or that of a program that it ran. */
  exitCode: number;
  /** Set by a command whose normal end is a signal, such as the agent under a service manager. */
  endedNormally?: boolean;
}

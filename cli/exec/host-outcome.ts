import { constants } from 'node:os';
import type { CommandExit } from '../../tunnel/exec/remote-command.js';

/** How a command went on one host. */
export interface HostOutcome {
  readonly hostname: string;
  /** As a shell has it: 128 and the number where a signal ended it. Null where it did not run, or not to its end. */
  readonly exit: number | null;
  /** Which signal ended it. */
  readonly signal?: string | undefined;
  /** Why it did not run, or not to its end. */
  readonly error?: string | undefined;
  /** Equal for equal output; undefined where there is no whole one. */
  readonly digest?: string | undefined;
}

/** The exit code that a shell would give. */
export function exitCodeOf({ code, signal = '' }: CommandExit): number {
  if (code !== undefined) return code;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? 0);
}

export function hasFailed({ exit }: HostOutcome): boolean {
  return exit !== 0;
}

/** A few words on what failed. */
export function describeFailure({ exit, signal, error }: HostOutcome): string {
  if (error !== undefined) return error;
  return signal === undefined ? `exit code ${exit}` : `ended by ${signal}`;
}

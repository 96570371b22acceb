import { shellCommand } from '../../tunnel/exec/shell-command.js';
import { InterruptedError } from '../errors.js';

/** How far a deploy got into the log. */
export interface RecordState {
  readonly id: number;
  /** False while the answer is awaited: then nobody knows. */
  readonly isRecorded: boolean;
}

/**
 * An interruption that says what the hosts do all the same: Ctrl-C ends the wait for a deploy, not the deploy.
 *
 * @param record undefined where nothing was written to the log
 * @param reach the flags that reach the same fleet from anywhere
 * @returns any other error as it is
 */
export function sayWhatGoesOn(
  error: unknown,
  record: RecordState | undefined,
  reach: readonly string[] = [],
): unknown {
  if (!(error instanceof InterruptedError) || record === undefined) return error;
  const { id, isRecorded } = record;
  const command = (...args: string[]) => shellCommand(['hawser', ...args, ...reach]);
  const consequence = isRecorded
    ? `Stopped watching; deploy ${id} goes on without this command. To watch it again: ${command('deploys', 'wait', String(id))}`
    : `Interrupted while deploy ${id} was being recorded. Whether it was is shown by: ${command('deploys', 'list')} (if so, the hosts apply it).`;
  return new InterruptedError(error.signalName, consequence);
}

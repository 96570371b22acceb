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
 * @returns any other error as it is
 */
export function sayWhatGoesOn(error: unknown, record: RecordState | undefined): unknown {
  if (!(error instanceof InterruptedError) || record === undefined) return error;
  const { id, isRecorded } = record;
  const consequence = isRecorded
    ? `Stopped waiting; deploy ${id} goes on without this command. "hawser deploys list" shows how it ends.`
    : `Interrupted while deploy ${id} was being recorded: "hawser deploys list" shows whether it was. If so, the hosts apply it.`;
  return new InterruptedError(error.signalName, consequence);
}

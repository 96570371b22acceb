import type { ChildExit } from '../../processes/child-process.js';
import type { ExitReason, ServerExit } from './classify-server-exit.js';

const EXIT_MEANINGS: Readonly<Record<ExitReason, string | undefined>> = {
  removed: 'removed from its cluster',
  'disk-full': 'the disk is full',
  'address-in-use': 'its address is in use',
  'unequal-members': 'the member list had changed',
  corrupt: 'its data is corrupt',
  hung: 'killed because it did not answer',
  stopped: undefined,
  other: undefined,
};

/** "exit code 1, the disk is full" or "SIGKILL". */
export function describeExit({
  code,
  signal,
  why = 'other',
}: ChildExit & { readonly why?: ExitReason }): string {
  const meaning = EXIT_MEANINGS[why];
  return `${signal ?? `exit code ${code}`}${meaning === undefined ? '' : `, ${meaning}`}`;
}

/** The same with the last line of the log, such as "exit code 1; last log line: discovery failed: …". */
export function explainExit(exit: ServerExit): string {
  const [said = ''] = exit.logTail.split('\n').slice(-1);
  return `${describeExit(exit)}${said === '' ? '' : `; last log line: ${said}`}`;
}

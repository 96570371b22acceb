import { CliError } from '../errors.js';
import { readLastRun } from './last-run.js';
import type { WantedCommand } from './remote-line.js';

/** What a person says of a run. */
export interface WantedRun {
  readonly text: string | undefined;
  readonly command: WantedCommand | undefined;
  readonly fleet: string | undefined;
  /** Whether it is to run as root. */
  readonly sudo: boolean;
  /** Of the hosts that the text means, only these. */
  readonly only?: ReadonlySet<string>;
}

/**
 * The hosts on which the last run failed, and its command, as root if it ran so, unless there is another one.
 * @throws CliError `usage` where there was no such run or none failed
 */
export async function hostsToRerun({ text, command, fleet, sudo }: WantedRun): Promise<WantedRun> {
  const last = await readLastRun();
  if (last.failed.length === 0)
    throw new CliError('usage', 'The last run failed on no host, so there is nothing to run again.');
  return {
    text: text || last.failed.join(','),
    only: new Set(last.failed),
    command: command ?? last.command,
    fleet: fleet ?? last.fleetFile,
    // Another command has not been asked to run as root.
    sudo: sudo || (command === undefined && last.sudo === true),
  };
}

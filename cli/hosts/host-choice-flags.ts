import { type Command, Option } from 'commander';
import { withLoginFlags, withOutput } from '../fleet/connection-flags.js';
import { duration } from '../input/parse-flag-values.js';

/** Adds the flags of a command that takes hosts of the fleet and SSH destinations, and an example. */
export function withHostChoice(command: Command, example: string): Command {
  withLoginFlags(command)
    .optionsGroup('Connection options:')
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .addOption(
      new Option('--connect-timeout <duration>', 'time limit for logging in to a host')
        .argParser(duration)
        .default(undefined, '10s'),
    );
  return withOutput(command, example);
}

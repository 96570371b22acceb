import { type Command, Option } from 'commander';
import { withLoginFlags, withOutput } from '../fleet/connection-flags.js';
import { duration } from '../input/parse-flag-values.js';

/** Adds the flags of a command that takes hosts of the fleet and SSH destinations, and an example. */
export function withHostChoice(command: Command, example: string): Command {
  withLoginFlags(command)
    .optionsGroup('Connection options:')
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one');
  return withOutput(command, example);
}

/** The flag that says how long logging in to a host may take. */
export function loginTimeout(name: '--timeout' | '--connect-timeout'): Option {
  const option = new Option(`${name} <duration>`, 'time limit for logging in to a host').argParser(duration);
  return option.default(undefined, '10s');
}

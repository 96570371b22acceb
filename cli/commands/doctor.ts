import { Command } from 'commander';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import type { CommandContext } from '../command-context.js';
import type { DoctorFlags } from '../doctor/run-doctor.js';
import { withConnection } from '../fleet/connection-flags.js';

/** `hawser doctor`: what is wrong with a host, and what mends it. */
export function doctorCommand(context: CommandContext): Command {
  return withConnection(new Command('doctor'), 'hawser doctor web1')
    .description(
      'find out what is wrong with a host, from its name to its agent, and say what mends it; exits with 1 if anything is, 3 if it could not be logged in to',
    )
    .argument(
      '[host]',
      'names, globs and labels of the fleet, or an SSH destination such as root@web1 (default: all hosts of the fleet)',
    )
    .option('--prefix <dir>', 'data directory of the agents', DEFAULT_PREFIX)
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .action(async (host: string | undefined, flags: DoctorFlags) => {
      const { runDoctor } = await import('../doctor/run-doctor.js');
      await runDoctor(context, host, flags);
    });
}

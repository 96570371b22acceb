import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { printResult } from '../../output/print.js';
import type { DownRequest } from '../../setup/down/down-request.js';
import { type HostFlags, toHostRequest, withHostFlags } from './host-flags.js';

type DownFlags = HostFlags<Omit<DownRequest, 'hosts'>>;

/** `hawser down`: takes hosts out of the fleet. */
export function downCommand(context: CommandContext): Command {
  const command = new Command('down')
    .description(
      'take hosts out of the fleet: stop their apps, let them leave the cluster, and remove hawser from them',
    )
    .argument('[hosts]', 'names, globs and labels, separated by commas')
    .option('--all', 'end the whole fleet, after you have typed its name', false)
    .option('--gone', 'forget hosts that are gone for good, without reaching them', false)
    .option('--force', 'take hosts out even if the cluster loses its majority', false)
    .option('--keep-data', 'leave the data in /var/lib/hawser', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false);
  return withHostFlags(command, 'hawser down web2').action(
    async (hosts: string | undefined, flags: DownFlags) => {
      const { down } = await import('../../setup/down/down.js');
      const { value, text, exitCode } = await down({ ...toHostRequest(context, flags), hosts });
      printResult(flags, value, text);
      context.exitCode = exitCode;
    },
  );
}

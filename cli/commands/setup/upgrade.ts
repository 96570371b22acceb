import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { printResult } from '../../output/print.js';
import type { UpgradeRequest } from '../../setup/upgrade/upgrade-request.js';
import { type HostFlags, toHostRequest, withHostFlags } from './host-flags.js';

type UpgradeFlags = HostFlags<Omit<UpgradeRequest, 'hosts'>>;

/** `hawser upgrade`: another version on the hosts. */
export function upgradeCommand(context: CommandContext): Command {
  const command = new Command('upgrade')
    .description(
      'upgrade hosts to this version of hawser, one after the other; if it does not work on a host, that host goes back to the version before and the upgrade stops',
    )
    .argument('[hosts]', 'names, globs and labels, separated by commas (default: all)')
    .option('--plan', 'only show what would be done', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--runtime <file>', 'node program for Linux to send, instead of fetching one with npm');
  return withHostFlags(command, 'hawser upgrade').action(
    async (hosts: string | undefined, flags: UpgradeFlags) => {
      const { upgrade } = await import('../../setup/upgrade/upgrade.js');
      const { value, text, exitCode } = await upgrade({ ...toHostRequest(context, flags), hosts });
      printResult(flags, value, text);
      context.exitCode = exitCode;
    },
  );
}

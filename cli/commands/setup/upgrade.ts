import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { withLoginFlags, withOutput } from '../../fleet/connection-flags.js';
import { duration } from '../../input/parse-flag-values.js';
import { logTo, printResult } from '../../output/print.js';
import type { UpgradeRequest } from '../../setup/upgrade/upgrade-request.js';
import { expandHome } from '../../system/user-folders.js';

type UpgradeFlags = Omit<UpgradeRequest, 'hosts' | 'timeoutMs' | 'signal' | 'log'> & {
  readonly timeout?: number;
};

const DEFAULT_TIMEOUT_MS = 15_000;

/** `hawser upgrade`: another version on the hosts. */
export function upgradeCommand(context: CommandContext): Command {
  const command = new Command('upgrade')
    .description(
      'give hosts this version of hawser, one after the other; a host where it does not work goes back to the version before, and the upgrade ends there',
    )
    .argument('[hosts]', 'names, globs and labels, separated by commas (default: all)')
    .option('--plan', 'only show what would be done', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .option('--runtime <file>', 'program of a Node for Linux to send, instead of fetching one with npm');
  return withOutput(withLoginFlags(command), 'hawser upgrade')
    .addOption(
      new Option('--timeout <duration>', 'time limit for logging in to a host')
        .argParser(duration)
        .default(undefined, '15s'),
    )
    .action(async (hosts: string | undefined, flags: UpgradeFlags) => {
      const { upgrade } = await import('../../setup/upgrade/upgrade.js');
      const { value, text, exitCode } = await upgrade({
        ...flags,
        hosts,
        sshConfig: flags.sshConfig === undefined ? undefined : expandHome(flags.sshConfig),
        sshId: flags.sshId?.map(expandHome),
        sshKnownHosts: flags.sshKnownHosts?.map(expandHome),
        timeoutMs: flags.timeout ?? DEFAULT_TIMEOUT_MS,
        signal: context.interrupts.signal,
        log: logTo(flags),
      });
      printResult(flags, value, text);
      context.exitCode = exitCode;
    });
}

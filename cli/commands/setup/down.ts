import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { withLoginFlags, withOutput } from '../../fleet/connection-flags.js';
import { duration } from '../../input/parse-flag-values.js';
import { logTo, printResult } from '../../output/print.js';
import type { DownRequest } from '../../setup/down/down-request.js';
import { expandHome } from '../../system/user-folders.js';

type DownFlags = Omit<DownRequest, 'hosts' | 'timeoutMs' | 'signal' | 'log'> & { readonly timeout?: number };

const DEFAULT_TIMEOUT_MS = 15_000;

/** `hawser down`: takes hosts out of the fleet. */
export function downCommand(context: CommandContext): Command {
  const command = new Command('down')
    .description(
      'take hosts out of the fleet: stop their apps, let them leave the cluster in order, and remove everything of hawser there',
    )
    .argument('[hosts]', 'names, globs and labels, separated by commas')
    .option('--all', 'end the whole fleet, after its name was typed', false)
    .option('--gone', 'forget hosts that are gone for good, without reaching them', false)
    .option('--force', 'take hosts out even if the cluster loses its majority', false)
    .option('--keep-data', 'leave the data in /var/lib/hawser', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts');
  return withOutput(withLoginFlags(command), 'hawser down web2')
    .addOption(
      new Option('--timeout <duration>', 'time limit for logging in to a host')
        .argParser(duration)
        .default(undefined, '15s'),
    )
    .action(async (hosts: string | undefined, flags: DownFlags) => {
      const { down } = await import('../../setup/down/down.js');
      const { value, text, exitCode } = await down({
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

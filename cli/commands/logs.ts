import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import type { HostFlags } from '../agent-access/hosts-to-reach.js';
import type { CommandContext } from '../command-context.js';
import { withConnection } from '../fleet/connection-flags.js';
import { duration, wholeNumber } from '../input/parse-flag-values.js';
import { expandHome } from '../system/user-folders.js';

interface LogsFlags extends HostFlags {
  readonly follow: boolean;
  readonly since?: number;
  readonly process?: string;
  readonly lines?: number;
  readonly sudoPasswordFile?: string;
}

/** `hawser logs`: what an app writes, on all hosts at once. */
export function logsCommand(context: CommandContext): Command {
  return withConnection(new Command('logs'), 'hawser logs web --follow')
    .description('show what an app writes on each host, merged by time')
    .argument('<app>', 'name of the app')
    .argument('[hosts]', 'names, globs and labels, separated by commas (default: all)')
    .option('-f, --follow', 'go on with what is written from now on, until interrupted', false)
    .addOption(
      new Option('--since <duration>', 'show only what is younger than this, such as 5m').argParser(duration),
    )
    .option('--process <name>', 'process of the app (default: all)')
    .addOption(
      new Option(
        '-n, --lines <count>',
        'show the newest lines of each process on each host (default: 100; all with --since)',
      ).argParser(wholeNumber),
    )
    .option('--prefix <dir>', 'data directory of the agents', DEFAULT_PREFIX)
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .action(async (app: string, hosts: string | undefined, flags: LogsFlags) => {
      const { showLogs } = await import('../logs/show-logs.js');
      const { since: sinceMs, process, lines, sudoPasswordFile: file } = flags;
      const sudoPasswordFile = file === undefined ? undefined : expandHome(file);
      await showLogs(
        { ...flags, app, hosts, sinceMs, process, lines, sudoPasswordFile },
        context.interrupts.signal,
      );
    });
}

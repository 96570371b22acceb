import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { wholeNumber } from '../../input/parse-flag-values.js';
import { printResult } from '../../output/print.js';
import { abortCommand, confirmCommand, resumeCommand } from './deploys-decide.js';
import { lockCommand, unlockCommand } from './deploys-lock.js';
import { diffCommand, logsCommand, showCommand, waitCommand } from './deploys-look.js';

/** `hawser deploys`: the deploy log. */
export function deploysCommand(context: CommandContext): Command {
  const deploys = new Command('deploys').description(
    'look at the deploys, and decide on one that is under way',
  );
  for (const command of [
    listCommand,
    showCommand,
    diffCommand,
    waitCommand,
    resumeCommand,
    abortCommand,
    confirmCommand,
    logsCommand,
    lockCommand,
    unlockCommand,
    pruneCommand,
  ])
    deploys.addCommand(command(context));
  return deploys.addHelpText('after', '\nExample:\n  $ hawser deploys list --json --ssh-url root@web1');
}

function listCommand(context: CommandContext): Command {
  return withConnection(new Command('list'), 'hawser deploys list --app shop --ssh-url root@web1')
    .description('list the deploys, newest first')
    .option('--app <name>', 'only of this app')
    .action(async (flags: ConnectionFlags & { app?: string }) => {
      const [{ listDeploys }, { formatDeploys }] = await Promise.all([
        import('../../deploy/read-deploys.js'),
        import('../../deploy/view/format-deploys.js'),
      ]);
      const list = await withWorld(context, flags, (world, call) => listDeploys(world, call));
      const shown = flags.app === undefined ? list : list.filter(({ app }) => app === flags.app);
      printResult(flags, shown, shown.length === 0 ? 'no deploys yet' : formatDeploys(shown));
    });
}

function pruneCommand(context: CommandContext): Command {
  return withConnection(new Command('prune'), 'hawser deploys prune --keep 20 --ssh-url root@web1')
    .description(
      'delete old deploys and their reports, except those that a host runs; hawser fs gc then frees their files',
    )
    .addOption(
      new Option('--keep <n>', 'number of newest deploys to keep')
        .argParser(wholeNumber)
        .makeOptionMandatory(),
    )
    .action(async (flags: ConnectionFlags & { keep: number }) => {
      const pruned = await withWorld(context, flags, (world, call) => world.pruneDeploys(flags.keep, call));
      printResult(flags, { pruned }, pruned === 1 ? 'Deleted 1 deploy.' : `Deleted ${pruned} deploys.`);
    });
}

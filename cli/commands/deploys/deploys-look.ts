import { Argument, Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { wholeNumber } from '../../input/parse-flag-values.js';
import { printResult } from '../../output/print.js';
import { junitOption, type WatchedWork, waitTimeoutOption, watchDeploy } from './deploy-flags.js';

/** `hawser deploys show`: one deploy, host by host. */
export function showCommand(context: CommandContext): Command {
  return withConnection(new Command('show'), 'hawser deploys show 12 --ssh-url root@web1')
    .description('show one deploy: who made it, how far each host is, and the verdict')
    .addArgument(deployId(true))
    .action(async (id: number, flags: ConnectionFlags) => {
      const { showDeploy } = await import('../../deploy/view/show-deploy.js');
      const { value, text } = await withWorld(context, flags, (world, call) => showDeploy(world, id, call));
      printResult(flags, value, text);
    });
}

/** `hawser deploys diff`: what changed from one deploy to another. */
export function diffCommand(context: CommandContext): Command {
  return withConnection(new Command('diff'), 'hawser deploys diff 11 12 --ssh-url root@web1')
    .description('show which files and settings changed from one deploy to another')
    .addArgument(deployId(true))
    .addArgument(
      new Argument('[other]', 'another deploy (default: the one of the same app before)').argParser(
        wholeNumber,
      ),
    )
    .option('--diff', 'show the lines that change, too', false)
    .action(async (id: number, other: number | undefined, flags: ConnectionFlags & { diff: boolean }) => {
      const { diffDeploys } = await import('../../deploy/view/diff-deploys.js');
      const ids = other === undefined ? { id } : { id: other, before: id };
      const { value, text } = await withWorld(context, flags, (world, call) =>
        diffDeploys(world, { ...ids, showsLines: flags.diff }, call),
      );
      printResult(flags, value, text);
    });
}

/** `hawser deploys logs`: what programs wrote while they were deployed. */
export function logsCommand(context: CommandContext): Command {
  return withConnection(new Command('logs'), 'hawser deploys logs 12 --ssh-url root@web1')
    .description('show what the programs of a deploy wrote last on each host: failed steps, and hooks')
    .addArgument(deployId(false))
    .action(async (id: number | undefined, flags: ConnectionFlags) => {
      const { readDeployOutput } = await import('../../deploy/view/read-deploy-output.js');
      const { value, text } = await withWorld(context, flags, (world, call) =>
        readDeployOutput(world, id, call),
      );
      printResult(flags, value, text);
    });
}

/** `hawser deploys wait`: until the hosts have decided on a deploy. */
export function waitCommand(context: CommandContext): Command {
  return withConnection(new Command('wait'), 'hawser deploys wait --ssh-url root@web1')
    .description('wait until the hosts have decided on a deploy; exits as deploy would')
    .addArgument(deployId(false))
    .addOption(waitTimeoutOption())
    .addOption(junitOption())
    .action(
      async (id: number | undefined, flags: ConnectionFlags & { waitTimeout: number; junit?: string }) => {
        const { waitAgain } = await import('../../deploy/view/show-deploy.js');
        const work: WatchedWork = (world, call) => waitAgain(world, id, { ...flags, ...call });
        await watchDeploy(context, flags, async () => work, { command: 'deploys wait' });
      },
    );
}

/** The number of a deploy. */
export function deployId(isRequired: boolean): Argument {
  const text = isRequired ? 'the number of a deploy' : 'the number of a deploy (default: the newest)';
  return new Argument(isRequired ? '<id>' : '[id]', text).argParser(wholeNumber);
}

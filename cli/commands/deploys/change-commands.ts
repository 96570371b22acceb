import { Argument, Command } from 'commander';
import type { ClientWorld } from '../../../world/client-world.js';
import type { ChangeRun } from '../../apps/change-app.js';
import type { CommandContext } from '../../command-context.js';
import type { DeployOutcome } from '../../deploy/view/deploy-outcome.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { wholeNumber } from '../../input/parse-flag-values.js';
import { junitOption, signOption, type WatchedWork, waitTimeoutOption, watchDeploy } from './deploy-flags.js';

type ChangeFlags = ConnectionFlags &
  Omit<ChangeRun, 'signal' | 'timeoutMs' | 'onRecord' | 'onLook'> & { readonly junit?: string };

/** `hawser rollback`: back to an earlier deploy. */
export function rollbackCommand(context: CommandContext): Command {
  return withChange(new Command('rollback'), 'hawser rollback --app shop --ssh-url root@web1')
    .description('go back to an earlier deploy of an app, and wait until each host is healthy')
    .addArgument(
      new Argument('[id]', 'the deploy to go back to (default: the last healthy one)').argParser(wholeNumber),
    )
    .option('--app <name>', 'the app (default: the only one)')
    .action((id: number | undefined, flags: ChangeFlags & { app?: string }) =>
      runChange(context, 'rollback', flags, async (world, run) => {
        const { rollBack } = await import('../../apps/change-app.js');
        return rollBack(world, { id, app: flags.app }, run);
      }),
    );
}

/** `hawser restart`: the same release again. */
export function restartCommand(context: CommandContext): Command {
  return withChange(new Command('restart'), 'hawser restart shop web1,web2 --ssh-url root@web1')
    .description('start an app again, in the order of its rollout')
    .argument('<app>', 'its name')
    .argument(
      '[hosts]',
      'names, globs and labels, separated by commas (default: all that it was deployed to)',
    )
    .action((app: string, selection: string | undefined, flags: ChangeFlags) =>
      runChange(context, 'restart', flags, async (world, run) => {
        const { restartApp } = await import('../../apps/change-app.js');
        return restartApp(world, { app, selection }, run);
      }),
    );
}

/** `hawser remove`: an app goes away. */
export function removeCommand(context: CommandContext): Command {
  return withChange(new Command('remove'), 'hawser remove shop --yes --ssh-url root@web1')
    .description('stop an app on all its hosts, and delete it there')
    .argument('<app>', 'its name')
    .action((app: string, flags: ChangeFlags) =>
      runChange(context, 'remove', flags, async (world, run) => {
        const { removeApp } = await import('../../apps/change-app.js');
        return removeApp(world, app, run);
      }),
    );
}

function withChange(command: Command, example: string): Command {
  return withConnection(command, example)
    .option('-m, --message <text>', 'say why', '')
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--no-wait', 'exit as soon as it is recorded')
    .addOption(waitTimeoutOption())
    .option(
      '--allow-missing',
      'succeed without the hosts whose agent is not running; they catch up later',
      false,
    )
    .addOption(signOption())
    .addOption(junitOption());
}

function runChange(
  context: CommandContext,
  command: string,
  flags: ChangeFlags,
  change: (world: ClientWorld, run: ChangeRun) => Promise<DeployOutcome>,
): Promise<void> {
  const work: WatchedWork = (world, call) => change(world, { ...flags, ...call });
  return watchDeploy(context, flags, async () => work, { command });
}

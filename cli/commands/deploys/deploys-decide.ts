import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { printResult } from '../../output/print.js';
import { ourName } from '../../system/user-name.js';
import { deployId } from './deploys-look.js';

interface AbortFlags extends ConnectionFlags {
  readonly reason?: string;
}

/** `hawser deploys resume`: a paused deploy goes on. */
export function resumeCommand(context: CommandContext): Command {
  return withConnection(new Command('resume'), 'hawser deploys resume 12 --ssh-url root@web1')
    .description('let a paused deploy go on with the other hosts')
    .addArgument(deployId(true))
    .action(async (id: number, flags: ConnectionFlags) => {
      await withWorld(context, flags, (world, call) => world.resumeDeploy(id, { ...call, by: ourName() }));
      printResult(
        flags,
        { id, resumed: true },
        `Deploy ${id} goes on: "hawser deploys wait ${id}" shows how it ends.`,
      );
    });
}

/** `hawser deploys abort`: hosts go back. */
export function abortCommand(context: CommandContext): Command {
  return withConnection(new Command('abort'), 'hawser deploys abort 12 --ssh-url root@web1')
    .description('stop a deploy that is under way or paused; hosts that have switched go back')
    .addArgument(deployId(true))
    .option('--reason <text>', 'say why, for those who look at it later')
    .action(async (id: number, flags: AbortFlags) => {
      const { reason } = flags;
      const why = reason === undefined ? {} : { reason };
      await withWorld(context, flags, (world, call) =>
        world.abortDeploy(id, { ...call, ...why, by: ourName() }),
      );
      printResult(
        flags,
        { id, aborted: true },
        `Deploy ${id} is being taken back: "hawser deploys wait ${id}" shows how it ends.`,
      );
    });
}

/** `hawser deploys confirm`: for a deploy with `confirm` in its manifest. */
export function confirmCommand(context: CommandContext): Command {
  return withConnection(new Command('confirm'), 'hawser deploys confirm 12 --ssh-url root@web1')
    .description('confirm a deploy that goes back by itself if nobody can reach the fleet')
    .addArgument(deployId(true))
    .action(async (id: number, flags: ConnectionFlags) => {
      await withWorld(context, flags, (world, call) => world.confirmDeploy(id, { ...call, by: ourName() }));
      printResult(flags, { id, confirmed: true }, `Deploy ${id} is confirmed.`);
    });
}

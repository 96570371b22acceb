import { Command } from 'commander';
import type { Member } from '../../../world/client/member-types.js';
import type { CommandContext } from '../../command-context.js';
import { type WatchFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { unknownCommand } from '../../help/help-command.js';
import type { Lines } from '../../output/escaped-lines.js';
import { formatTable } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';
import { defragCommand } from './members-defrag.js';
import { forgetCommand } from './members-forget.js';
import { recoverCommand } from './members-recover.js';

/** `hawser members`: who is in the etcd cluster. */
export function membersCommand(context: CommandContext): Command {
  return (
    withConnection(new Command('members'), 'hawser members --watch --ssh-url root@web1')
      .addCommand(recoverCommand(context))
      .addCommand(defragCommand(context))
      .addCommand(forgetCommand(context))
      // Flags after a subcommand's name belong to the subcommand.
      .enablePositionalOptions()
      .description('list, recover, defragment or forget members of the etcd cluster')
      .option('--watch', 'print the list again whenever it changes', false)
      // Without this, a misspelt subcommand would be reported as an excess argument.
      .allowExcessArguments()
      .action(async (flags: WatchFlags, command: Command) => {
        const [misspelt] = command.args;
        if (misspelt !== undefined) unknownCommand(command, misspelt);
        await withWorld(context, flags, async (world, call) => {
          await showOrWatch(flags, call, {
            read: (options) => world.members(options),
            follow: (options) => world.watchMembers(options),
            show: (members) => ({ value: members, text: format(members) }),
          });
        });
      })
  );
}

function format(members: readonly Member[]): Lines {
  const rows = members.map(({ name, isLearner, clientUrls, id }) => [
    name === '' ? '(not started)' : name,
    isLearner ? 'learner' : 'voter',
    clientUrls.join(','),
    BigInt(id).toString(16),
  ]);
  return formatTable(['NAME', 'ROLE', 'CLIENT URLS', 'ID'], rows);
}

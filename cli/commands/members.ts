import { Command } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { printResult, table } from '../output.js';

/** `hawser members`: who is in the etcd cluster. */
export function membersCommand(context: Context): Command {
  return withConnection(new Command('members'), 'hawser members --ssh-url root@web1')
    .description('list the members of the etcd cluster')
    .action(async (flags: ConnectionFlags) => {
      const members = await withWorld(context, flags, (world, call) => world.members(call));
      const rows = members.map(({ name, isLearner, clientUrls, id }) => [
        name === '' ? '(not started)' : name,
        isLearner ? 'learner' : 'voter',
        clientUrls.join(','),
        BigInt(id).toString(16),
      ]);
      printResult(flags, members, table(['NAME', 'ROLE', 'CLIENT URLS', 'ID'], rows));
    });
}

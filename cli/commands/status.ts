import { Command } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { printResult } from '../output.js';

/** `hawser status`: the fleet now. */
export function statusCommand(context: Context): Command {
  return withConnection(new Command('status'), 'hawser status --ssh-url root@web1')
    .description('show the hosts, their etcd role and how the newest deploy stands on each')
    .action(async (flags: ConnectionFlags) => {
      const { formatStatus, readStatus } = await import('../status.js');
      const status = await withWorld(context, flags, readStatus);
      printResult(flags, status, formatStatus(status));
    });
}

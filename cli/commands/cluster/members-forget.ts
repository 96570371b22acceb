import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { printResult } from '../../output/print.js';

/** `hawser members forget`: a host that is gone for good. */
export function forgetCommand(context: CommandContext): Command {
  return withConnection(new Command('forget'), 'hawser members forget web3 --ssh-url root@web1')
    .description('remove a host from the fleet for good, so that deploys no longer expect it')
    .argument('<host>', 'hostname; its agent must not be running')
    .action(async (hostname: string, flags: ConnectionFlags) => {
      const { forgetHost } = await import('../../../world/agents/fleet-hosts.js');
      await withWorld(context, flags, (world, call) => forgetHost(world.client, hostname, call));
      printResult(flags, { forgotten: hostname }, `forgot ${hostname}`);
    });
}

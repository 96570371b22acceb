import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { printResult } from '../../output/print.js';

/** `hawser members forget`: hosts that are gone for good. */
export function forgetCommand(context: CommandContext): Command {
  return withConnection(new Command('forget'), 'hawser members forget web3 --ssh-url root@web1')
    .description('remove hosts from the fleet for good, so that deploys no longer expect them')
    .argument('<hosts>', 'names, globs or labels, comma-separated, or all; their agents must not be running')
    .action(async (selection: string, flags: ConnectionFlags) => {
      const [{ forgetHost, listHosts }, { checkSelection, selectHosts }] = await Promise.all([
        import('../../../world/agents/fleet-hosts.js'),
        import('../../fleet/file/select-hosts.js'),
      ]);
      checkSelection(selection);
      const forgotten = await withWorld(context, flags, async ({ client }, call) => {
        const known = await listHosts(client, undefined, call);
        const hosts = [...known.values()].map(({ hostname: name, labels = {} }) => ({ name, labels }));
        const names = selectHosts({ hosts }, selection).map(({ name }) => name);
        for (const name of names) await forgetHost(client, name, call);
        return names;
      });
      printResult(flags, { forgotten }, `forgot ${forgotten.join(', ')}`);
    });
}

import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { rememberNames } from '../../completion/names-cache.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { printResult } from '../../output/print.js';

/** `hawser apps`: what runs where. */
export function appsCommand(context: CommandContext): Command {
  return withConnection(new Command('apps'), 'hawser apps --ssh-url root@web1')
    .description('list the apps of the fleet, with what runs on each host and since when')
    .action(async (flags: ConnectionFlags) => {
      const [{ readApps }, { formatApps }] = await Promise.all([
        import('../../apps/read-apps.js'),
        import('../../apps/format-apps.js'),
      ]);
      const apps = await withWorld(context, flags, async (world, call, target) => {
        const found = await readApps(world, call);
        await rememberNames(target, { apps: found.map(({ app }) => app) });
        return found;
      });
      printResult(flags, apps, formatApps(apps));
    });
}

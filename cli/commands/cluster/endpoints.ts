import { Command } from 'commander';
import type { CallOptions } from '../../../world/call-options.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { CommandContext } from '../../command-context.js';
import { type WatchFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import type { Lines } from '../../output/escaped-lines.js';
import { formatTable } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';

interface Endpoints {
  /** Good from this process only. */
  readonly local: readonly string[];
  readonly advertised: Readonly<Record<string, readonly string[]>>;
}

/** `hawser endpoints`: where the fleet's etcd servers can be reached. */
export function endpointsCommand(context: CommandContext): Command {
  return withConnection(new Command('endpoints'), 'hawser endpoints --watch --ssh-url root@web1')
    .description('list the client URLs that each host advertises for its etcd server')
    .option('--watch', 'print the list again whenever it changes', false)
    .action(async (flags: WatchFlags) => {
      await withWorld(context, flags, async (world, call) => {
        await showOrWatch(flags, call, {
          read: (options) => read(world, options),
          changes: (options) => world.watchEndpoints(options),
          show: (endpoints) => ({ value: endpoints, text: format(endpoints) }),
        });
      });
    });
}

async function read(world: ClientWorld, options: CallOptions): Promise<Endpoints> {
  const advertised = await world.advertisedEndpoints(options);
  return { local: world.localEndpoints(), advertised: Object.fromEntries(advertised) };
}

function format({ advertised }: Endpoints): Lines | string {
  const rows = Object.entries(advertised).map(([hostname, urls]) => [hostname, urls.join(',')]);
  return rows.length === 0 ? 'no host advertises an etcd server' : formatTable(['HOST', 'CLIENT URLS'], rows);
}

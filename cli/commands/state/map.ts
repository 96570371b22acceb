import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, type WatchFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { readValueOrStdin } from '../../input/read-value-or-stdin.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines, printResult } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';

/** `hawser map`: per-host values under a shared key. */
export function mapCommand(context: CommandContext): Command {
  const map = new Command('map').description('store one value per host under a shared key');
  for (const command of [mapGet, mapSet, mapDel, mapWatch]) map.addCommand(command(context));
  return map.addHelpText('after', '\nExample:\n  $ hawser map get kernel --json --ssh-url root@web1');
}

function mapGet(context: CommandContext): Command {
  return withConnection(new Command('get'), 'hawser map get kernel --json --ssh-url root@web1')
    .description("print every host's value, one host a line")
    .argument('<key>', 'key of the values')
    .option('--watch', 'print them again whenever one changes', false)
    .action((key: string, flags: WatchFlags) => get(context, key, flags));
}

function mapWatch(context: CommandContext): Command {
  return withConnection(new Command('watch'), 'hawser map watch kernel --json --ssh-url root@web1')
    .description("print every host's value now and whenever one changes")
    .argument('<key>', 'key of the values')
    .action((key: string, flags: ConnectionFlags) => get(context, key, { ...flags, watch: true }));
}

function get(context: CommandContext, key: string, flags: WatchFlags): Promise<void> {
  return withWorld(context, flags, (world, call) =>
    showOrWatch(flags, call, {
      read: (options) => world.strMapGet(key, options),
      follow: (options) => world.strMapFollow(key, options),
      show,
    }),
  );
}

function mapSet(context: CommandContext): Command {
  return withConnection(new Command('set'), 'hawser map set kernel "$(uname -r)" --hostname web1')
    .description("set this host's value (see --hostname)")
    .argument('<key>', 'key of the values')
    .argument('<value>', 'the new value; - reads standard input')
    .action(async (key: string, value: string, flags: ConnectionFlags) => {
      const text = await readValueOrStdin(value);
      const hostname = await withWorld(context, flags, async (world, call) => {
        await world.strMapSet(key, text, call);
        return world.hostname;
      });
      printResult(flags, { key, hostname, value: text }, '');
    });
}

function mapDel(context: CommandContext): Command {
  return withConnection(new Command('del'), 'hawser map del kernel --hostname web1')
    .description("delete this host's value (see --hostname)")
    .argument('<key>', 'key of the values')
    .action(async (key: string, flags: ConnectionFlags) => {
      const hostname = await withWorld(context, flags, async (world, call) => {
        await world.strMapDel(key, call);
        return world.hostname;
      });
      printResult(flags, { key, hostname }, '');
    });
}

function show(values: ReadonlyMap<string, string>): { value: Record<string, string>; text: Lines } {
  const text = lines([...values].map(([hostname, value]) => `${hostname}  ${value}`));
  return { value: Object.fromEntries(values), text };
}

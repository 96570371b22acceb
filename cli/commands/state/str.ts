import { Command } from 'commander';
import type { CallOptions } from '../../../world/call-options.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, type WatchFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { readValueOrStdin } from '../../input/read-value-or-stdin.js';
import { printResult } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';

/** `hawser str`: strings shared by the whole fleet. */
export function strCommand(context: CommandContext): Command {
  const str = new Command('str').description('store strings shared by the whole fleet');
  for (const command of [strGet, strSet, strDel, strWatch]) str.addCommand(command(context));
  return str.addHelpText('after', '\nExample:\n  $ hawser str set motd "hello" --ssh-url root@web1');
}

function strGet(context: CommandContext): Command {
  return withConnection(new Command('get'), 'hawser str get motd --ssh-url root@web1')
    .description('print a string')
    .argument('<key>', 'key of the string')
    .option('--watch', 'print it again whenever it changes', false)
    .action((key: string, flags: WatchFlags) => get(context, key, flags));
}

function strWatch(context: CommandContext): Command {
  return withConnection(new Command('watch'), 'hawser str watch motd --json --ssh-url root@web1')
    .description(
      'print a string now and whenever it changes; a missing one prints as null (--json) or an empty line',
    )
    .argument('<key>', 'key of the string')
    .action((key: string, flags: ConnectionFlags) => get(context, key, { ...flags, watch: true }));
}

function get(context: CommandContext, key: string, flags: WatchFlags): Promise<void> {
  return withWorld(context, flags, (world, call) =>
    showOrWatch(flags, call, {
      read: (options) => (flags.watch ? valueOrNull(world, key, options) : world.strGet(key, options)),
      changes: (options) => world.strWatch(key, options),
      show: (value) => ({ value: { key, value }, raw: value ?? '' }),
    }),
  );
}

async function valueOrNull(world: ClientWorld, key: string, options: CallOptions): Promise<string | null> {
  try {
    return await world.strGet(key, options);
  } catch (error) {
    if (world.strIsNotExist(error)) return null;
    throw error;
  }
}

function strSet(context: CommandContext): Command {
  return withConnection(new Command('set'), 'hawser str set motd "hello" --ssh-url root@web1')
    .description('set a string')
    .argument('<key>', 'key of the string')
    .argument('<value>', 'the new value; - reads standard input')
    .action(async (key: string, value: string, flags: ConnectionFlags) => {
      const text = await readValueOrStdin(value);
      await withWorld(context, flags, (world, call) => world.strSet(key, text, call));
      printResult(flags, { key, value: text }, '');
    });
}

function strDel(context: CommandContext): Command {
  return withConnection(new Command('del'), 'hawser str del motd --ssh-url root@web1')
    .description('delete a string')
    .argument('<key>', 'key of the string')
    .action(async (key: string, flags: ConnectionFlags) => {
      await withWorld(context, flags, (world, call) => world.strDel(key, call));
      printResult(flags, { key }, '');
    });
}

import { Command } from 'commander';
import type { CallOptions } from '../../../world/call-options.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { Context } from '../../context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { valueArgument } from '../../input/value-or-stdin.js';
import { printResult, printValue } from '../../output/print.js';
import { printStates, readAtEach } from '../../output/show-or-watch.js';

/** `hawser str`: strings shared by the whole fleet. */
export function strCommand(context: Context): Command {
  const str = new Command('str').description('strings that the whole fleet shares');
  for (const command of [strGet, strSet, strDel, strWatch]) str.addCommand(command(context));
  return str.addHelpText('after', '\nExample:\n  $ hawser str set motd "hello" --ssh-url root@web1');
}

function strGet(context: Context): Command {
  return withConnection(new Command('get'), 'hawser str get motd --ssh-url root@web1')
    .description('print a string')
    .argument('<key>')
    .option('--watch', 'print it again whenever it changes', false)
    .action(async (key: string, flags: ConnectionFlags & { watch: boolean }) => {
      if (flags.watch) return watch(context, key, flags);
      await withWorld(context, flags, async (world, call) => {
        const value = await world.strGet(key, call);
        printValue(flags, { key, value }, value);
      });
    });
}

function strWatch(context: Context): Command {
  return withConnection(new Command('watch'), 'hawser str watch motd --json --ssh-url root@web1')
    .description('print a string now and whenever it changes; a missing one is null, or an empty line')
    .argument('<key>')
    .action((key: string, flags: ConnectionFlags) => watch(context, key, flags));
}

function watch(context: Context, key: string, flags: ConnectionFlags): Promise<void> {
  return withWorld(context, flags, (world, call) => {
    const values = readAtEach(
      (options) => world.strWatch(key, options),
      (options) => valueOrNull(world, key, options),
      call,
    );
    return printStates(flags, values, (value) => ({ value: { key, value }, raw: value ?? '' }));
  });
}

async function valueOrNull(world: ClientWorld, key: string, options: CallOptions): Promise<string | null> {
  try {
    return await world.strGet(key, options);
  } catch (error) {
    if (world.strIsNotExist(error)) return null;
    throw error;
  }
}

function strSet(context: Context): Command {
  return withConnection(new Command('set'), 'hawser str set motd "hello" --ssh-url root@web1')
    .description('set a string; - reads it from standard input')
    .argument('<key>')
    .argument('<value>')
    .action(async (key: string, value: string, flags: ConnectionFlags) => {
      const text = await valueArgument(value);
      await withWorld(context, flags, (world, call) => world.strSet(key, text, call));
      printResult(flags, { key, value: text }, '');
    });
}

function strDel(context: Context): Command {
  return withConnection(new Command('del'), 'hawser str del motd --ssh-url root@web1')
    .description('remove a string')
    .argument('<key>')
    .action(async (key: string, flags: ConnectionFlags) => {
      await withWorld(context, flags, (world, call) => world.strDel(key, call));
      printResult(flags, { key }, '');
    });
}

import { Command } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { printResult } from '../output.js';
import { valueArgument } from '../value-argument.js';

/** `hawser str`: strings shared by the whole fleet. */
export function strCommand(context: Context): Command {
  const str = new Command('str').description('strings that the whole fleet shares');
  str.addCommand(strGet(context)).addCommand(strSet(context)).addCommand(strDel(context));
  return str.addHelpText('after', '\nExample:\n  $ hawser str set motd "hello" --ssh-url root@web1');
}

function strGet(context: Context): Command {
  return withConnection(new Command('get'), 'hawser str get motd --ssh-url root@web1')
    .description('print a string')
    .argument('<key>')
    .option('--watch', 'print it again whenever it changes', false)
    .action(async (key: string, flags: ConnectionFlags & { watch: boolean }) => {
      await withWorld(context, flags, async (world, call) => {
        if (!flags.watch) {
          const value = await world.strGet(key, call);
          return printResult(flags, { key, value }, value);
        }
        for await (const _ of world.strWatch(key, call)) {
          const value = await world.strGet(key, call).catch((error: unknown) => {
            if (world.strIsNotExist(error)) return null;
            throw error;
          });
          printResult(flags, { key, value }, value ?? '');
        }
      });
    });
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

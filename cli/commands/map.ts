import { Command } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { printResult } from '../output.js';
import { valueArgument } from '../value-argument.js';

/** `hawser map`: one string for each host under one key. */
export function mapCommand(context: Context): Command {
  const map = new Command('map').description('one string for each host under one key');
  map.addCommand(mapGet(context)).addCommand(mapSet(context)).addCommand(mapDel(context));
  return map.addHelpText('after', '\nExample:\n  $ hawser map get kernel --json --ssh-url root@web1');
}

function mapGet(context: Context): Command {
  return withConnection(new Command('get'), 'hawser map get kernel --json --ssh-url root@web1')
    .description("print every host's value, one host a line")
    .argument('<key>')
    .option('--watch', 'print it again whenever it changes', false)
    .action(async (key: string, flags: ConnectionFlags & { watch: boolean }) => {
      await withWorld(context, flags, async (world, call) => {
        if (!flags.watch) return print(flags, await world.strMapGet(key, call));
        for await (const _ of world.strMapWatch(key, call)) print(flags, await world.strMapGet(key, call));
      });
    });
}

function mapSet(context: Context): Command {
  return withConnection(new Command('set'), 'hawser map set kernel "$(uname -r)" --hostname web1')
    .description("set this host's value (see --hostname); - reads it from standard input")
    .argument('<key>')
    .argument('<value>')
    .action(async (key: string, value: string, flags: ConnectionFlags) => {
      const text = await valueArgument(value);
      const hostname = await withWorld(context, flags, async (world, call) => {
        await world.strMapSet(key, text, call);
        return world.hostname;
      });
      printResult(flags, { key, hostname, value: text }, '');
    });
}

function mapDel(context: Context): Command {
  return withConnection(new Command('del'), 'hawser map del kernel --hostname web1')
    .description("remove this host's value")
    .argument('<key>')
    .action(async (key: string, flags: ConnectionFlags) => {
      const hostname = await withWorld(context, flags, async (world, call) => {
        await world.strMapDel(key, call);
        return world.hostname;
      });
      printResult(flags, { key, hostname }, '');
    });
}

function print(flags: ConnectionFlags, values: ReadonlyMap<string, string>): void {
  const lines = [...values].map(([hostname, value]) => `${hostname}  ${value}`);
  printResult(flags, Object.fromEntries(values), lines.join('\n'));
}

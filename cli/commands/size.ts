import { Command, InvalidArgumentError } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { printStates, readAtEach } from '../live.js';
import { printResult } from '../output.js';

/** `hawser size`: how many etcd servers the fleet is to have. */
export function sizeCommand(context: Context): Command {
  return withConnection(new Command('size'), 'hawser size 3 --ssh-url root@web1')
    .description('print or set how many etcd servers the fleet is to have')
    .argument('[size]', 'new size', clusterSize)
    .option('--watch', 'print it again whenever it changes', false)
    .action(async (size: number | undefined, flags: ConnectionFlags & { watch: boolean }) => {
      if (size !== undefined && flags.watch) {
        throw new UsageError('Either set the size or watch it: give a number or --watch, not both.');
      }
      await withWorld(context, flags, async (world, call) => {
        if (flags.watch) {
          const sizes = readAtEach(
            (options) => world.idealClusterSizeWatch(options),
            (options) => world.idealClusterSizeGet(options),
            call,
          );
          return printStates(flags, sizes, (now) => ({ value: now, text: String(now) }));
        }
        if (size !== undefined) await world.idealClusterSizeSet(size, call);
        const now = size ?? (await world.idealClusterSizeGet(call));
        printResult(flags, now, String(now));
      });
    });
}

function clusterSize(text: string): number {
  if (/^0+$/.test(text)) {
    throw new InvalidArgumentError(
      'A fleet cannot be drained of its last etcd server yet: write a whole number from 1.',
    );
  }
  return wholeNumber(text);
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
}

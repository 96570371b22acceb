import { Command, InvalidArgumentError } from 'commander';
import { type ConnectionFlags, withConnection, withWorld } from '../connection.js';
import type { Context } from '../context.js';
import { printResult } from '../output.js';

/** `hawser size`: how many etcd servers the fleet is to have. */
export function sizeCommand(context: Context): Command {
  return withConnection(new Command('size'), 'hawser size 3 --ssh-url root@web1')
    .description('print or set how many etcd servers the fleet is to have')
    .argument('[size]', 'new size', wholeNumber)
    .action(async (size: number | undefined, flags: ConnectionFlags) => {
      const now = await withWorld(context, flags, async (world, call) => {
        if (size === undefined) return world.idealClusterSizeGet(call);
        await world.idealClusterSizeSet(size, call);
        return size;
      });
      printResult(flags, now, String(now));
    });
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
}

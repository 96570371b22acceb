import { Command } from 'commander';
import type { CallOptions } from '../../../world/call-options.js';
import type { Member } from '../../../world/client/member-types.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { countFromZero } from '../../input/parse-flag-values.js';
import { counted } from '../../output/format-quantities.js';
import { printNote } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';
import { canAsk, confirm } from '../../prompts/confirm.js';

type Interruptible = CallOptions & { readonly signal: AbortSignal };

interface SizeFlags extends ConnectionFlags {
  readonly watch: boolean;
  readonly yes: boolean;
}

/** `hawser size`: how many etcd servers the fleet should have. */
export function sizeCommand(context: CommandContext): Command {
  return withConnection(new Command('size'), 'hawser size 3 --ssh-url root@web1')
    .description('print or set the number of etcd servers that the fleet should have')
    .argument('[size]', 'the new size; 0 drains the cluster', countFromZero)
    .option('--watch', 'print it again whenever it changes', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation (size 0 drains the cluster)', false)
    .action(async (size: number | undefined, flags: SizeFlags) => {
      if (size !== undefined && flags.watch) {
        throw new CliError('usage', 'Pass either a size or --watch, not both.');
      }
      if (size === 0 && !flags.yes && !canAsk()) {
        throw new CliError(
          'usage',
          'Size 0 drains the etcd cluster: pass --yes, or run this in a terminal to confirm.',
        );
      }
      await withWorld(context, flags, async (world, call) => {
        if (size !== undefined) await setSize(size, { world, flags, call });
        await showOrWatch(flags, call, {
          read: async (options) => size ?? (await world.idealClusterSizeGet(options)),
          changes: (options) => world.idealClusterSizeWatch(options),
          show: (now) => ({ value: now, text: String(now) }),
        });
      });
    });
}

/** @throws CliError `declined` */
async function setSize(
  size: number,
  {
    world,
    flags,
    call,
  }: { readonly world: ClientWorld; readonly flags: SizeFlags; readonly call: Interruptible },
): Promise<void> {
  if (size === 0 && !flags.yes) await askToDrain(await world.members(call), call.signal);
  await world.idealClusterSizeSet(size, call);
  // A voter that makes the number even adds nothing but one more that may fail.
  if (size === 0 || size % 2 === 1) return;
  printNote(
    flags,
    `${size} is even, so only ${counted(size - 1, 'server')} ${size === 2 ? 'votes' : 'vote'}.`,
  );
}

async function askToDrain(members: readonly Member[], signal: AbortSignal): Promise<void> {
  const names = members.map(({ name }) => name || '(not started)').join(', ');
  const question =
    `Drain the etcd cluster of ${counted(members.length, 'member')} (${names})? The last of them keeps the data, and nobody ` +
    'can read or change the state of the fleet until its agent is started again.';
  if (await confirm(question, { signal, byDefault: false })) return;
  throw new CliError('declined', 'The cluster was not drained.');
}

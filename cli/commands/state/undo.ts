import { Argument, Command } from 'commander';
import { WorldError } from '../../../world/errors.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { wholeNumber } from '../../input/parse-flag-values.js';
import { lines, printNote, printResult } from '../../output/print.js';
import { confirmChange } from '../../prompts/confirm-change.js';

interface UndoFlags extends ConnectionFlags {
  readonly yes: boolean;
}

/** `hawser undo`: sets the keys of one revision back to what they were before it. */
export function undoCommand(context: CommandContext): Command {
  return withConnection(new Command('undo'), 'hawser undo 837 --ssh-url root@web1')
    .description(
      'set the strings, string maps or cluster size that one revision changed back to what they were (hawser history lists the revisions)',
    )
    .addArgument(new Argument('<revision>', 'the revision to undo').argParser(wholeNumber))
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .action((revision: number, flags: UndoFlags) => undo(context, revision, flags));
}

async function undo(context: CommandContext, revision: number, flags: UndoFlags): Promise<void> {
  const [{ selectKeys }, { describeChange, showChange }, { readHistory }, { planUndo, carryOutUndo }] =
    await Promise.all([
      import('../../history/selected-keys.js'),
      import('../../history/describe-changes.js'),
      import('../../../world/history/read-history.js'),
      import('../../../world/history/undo-revision.js'),
    ]);
  const { signal } = context.interrupts;
  await withWorld(context, flags, async ({ client }, call) => {
    try {
      const { prefixes } = selectKeys();
      const { revisions } = await readHistory(client, prefixes, { ...call, after: BigInt(revision) - 1n });
      const plan = planUndo(BigInt(revision), revisions);
      if (!flags.json) for (const change of plan.changes) printNote(flags, describeChange(change));
      await confirmChange('Set them back as shown?', { yes: flags.yes, signal });
      const written = await carryOutUndo(client, plan, call);
      const text = lines([`Revision ${revision} is undone, as revision ${written}.`]);
      printResult(
        flags,
        { revision, undoneBy: Number(written), changes: plan.changes.map(showChange) },
        text,
      );
    } catch (error) {
      if (error instanceof WorldError && error.code === 'conflict')
        throw new CliError('overtaken', error.message, { cause: error });
      throw error;
    }
  });
}

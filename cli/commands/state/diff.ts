import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { wholeNumber } from '../../input/parse-flag-values.js';
import { lines, printNote, printResult } from '../../output/print.js';

interface DiffFlags extends ConnectionFlags {
  readonly from: number;
  readonly to?: number;
}

/** `hawser diff`: what differs between two moments of the World. */
export function diffCommand(context: CommandContext): Command {
  return withConnection(new Command('diff'), 'hawser diff --from 812 --to 840 --ssh-url root@web1')
    .description('show what differs in the fleet between two revisions (hawser history lists them)')
    .argument('[key]', 'as for hawser history')
    .requiredOption('--from <revision>', 'the earlier revision', wholeNumber)
    .option('--to <revision>', 'the later revision (default: now)', wholeNumber)
    .action((key: string | undefined, flags: DiffFlags) => diff(context, key, flags));
}

async function diff(context: CommandContext, key: string | undefined, flags: DiffFlags): Promise<void> {
  if (flags.to !== undefined && flags.to < flags.from)
    throw new CliError('usage', `--to ${flags.to} is before --from ${flags.from}: swap them.`);
  const [{ selectKeys }, { describeChange, showChange }, { compareRevisions }] = await Promise.all([
    import('../../history/selected-keys.js'),
    import('../../history/describe-changes.js'),
    import('../../../world/history/compare-revisions.js'),
  ]);
  const { prefixes, includes } = selectKeys(key);
  const moments = { from: BigInt(flags.from), to: flags.to === undefined ? undefined : BigInt(flags.to) };
  const compared = await withWorld(context, flags, ({ client }, call) =>
    compareRevisions(client, prefixes, moments, call),
  );
  const changes = compared.changes.filter(({ key: one }) => includes(one));
  const to = Number(compared.to);
  printResult(
    flags,
    { from: flags.from, to, changes: changes.map(showChange) },
    changes.length === 0 ? '' : lines(changes.map(describeChange)),
  );
  if (changes.length === 0) printNote(flags, `Nothing differs between revisions ${flags.from} and ${to}.`);
}

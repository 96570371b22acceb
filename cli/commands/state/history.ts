import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { amount, wholeNumber } from '../../input/parse-flag-values.js';
import { formatTable, lines, printNote, printResult } from '../../output/print.js';

interface HistoryFlags extends ConnectionFlags {
  readonly limit: number;
  readonly after?: number;
}

/** `hawser history`: what changed in the World, as far back as etcd remembers. */
export function historyCommand(context: CommandContext): Command {
  return withConnection(new Command('history'), 'hawser history motd --ssh-url root@web1')
    .description(
      'list what changed in the fleet, newest first, as far back as etcd remembers (about an hour)',
    )
    .argument(
      '[key]',
      'key of a string or string map; "web*" for keys that begin so; "/…" for keys in etcd (default: all that people and deploys change)',
    )
    .addOption(
      new Option('--limit <count>', 'list at most this many revisions').argParser(amount).default(50),
    )
    .option('--after <revision>', 'list only what changed after this revision', wholeNumber)
    .action((key: string | undefined, flags: HistoryFlags) => history(context, key, flags));
}

async function history(context: CommandContext, key: string | undefined, flags: HistoryFlags): Promise<void> {
  const [{ selectKeys }, { describeRevision, showRevision }, { readHistory }] = await Promise.all([
    import('../../history/selected-keys.js'),
    import('../../history/describe-changes.js'),
    import('../../../world/history/read-history.js'),
  ]);
  const { prefixes, includes } = selectKeys(key);
  const after = flags.after === undefined ? undefined : BigInt(flags.after);
  const read = await withWorld(context, flags, ({ client }, call) =>
    readHistory(client, prefixes, { ...call, after }),
  );
  const all = read.revisions
    .map(({ revision, changes }) => ({ revision, changes: changes.filter(({ key: one }) => includes(one)) }))
    .filter(({ changes }) => changes.length > 0)
    .reverse();
  const revisions = all.slice(0, flags.limit);
  const shown = revisions.map(showRevision);
  const rows = revisions.flatMap((one, index) => {
    const { at = '-', who = '-' } = shown[index] ?? {};
    return describeRevision(one).map((line) => [String(one.revision), at, who, line]);
  });
  const table = rows.length === 0 ? lines([]) : formatTable(['REVISION', 'WHEN', 'WHO', 'WHAT'], rows);
  const [oldest, newest] = [Number(read.oldest), Number(read.newest)];
  printResult(flags, { oldest, newest, revisions: shown }, table);
  const more = all.length - revisions.length;
  const cut = more > 0 ? ` ${more} more with --limit ${all.length}.` : '';
  printNote(flags, `etcd remembers revisions ${oldest} to ${newest}.${cut}`);
}

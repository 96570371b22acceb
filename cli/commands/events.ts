import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import { type ConnectionFlags, withConnection } from '../fleet/connection-flags.js';
import { withWorld } from '../fleet/open-world.js';
import { collectList, wholeNumber } from '../input/parse-flag-values.js';

interface EventsFlags extends ConnectionFlags {
  readonly from?: number;
  readonly types?: readonly string[];
  readonly hosts?: string;
  readonly limit?: number;
}

/** `hawser events`: what happens in the fleet, as it happens. */
export function eventsCommand(context: CommandContext): Command {
  return withConnection(new Command('events'), "hawser events --types 'deploy-*,problem-*' --json")
    .description(
      'print a line for each change of the fleet that matters, until interrupted: hosts, members, deploys, apps, problems',
    )
    .option(
      '--from <revision>',
      'begin with what changed at this revision, such as that of the last line that was seen',
      wholeNumber,
    )
    .option(
      '--types <list>',
      'only events of these types, separated by commas: deploy-verdict, "host-*" (default: all)',
      collectList,
    )
    .option('--hosts <selection>', 'of hosts, only these: names, globs and labels, separated by commas')
    .addOption(new Option('--limit <count>', 'end after so many events').argParser(wholeNumber))
    .action(async (flags: EventsFlags) => {
      const [{ printEvents }, { selectEvents }] = await Promise.all([
        import('../events/print-events.js'),
        import('../events/select-events.js'),
      ]);
      const isWanted = selectEvents(flags);
      const from = flags.from === undefined ? undefined : BigInt(flags.from);
      const { limit, json, verbose } = flags;
      await withWorld(context, flags, (world, call) =>
        printEvents(world, call, { from, isWanted, limit, json, verbose }),
      );
    });
}

import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { type ConnectionFlags, withConnection } from '../fleet/connection-flags.js';
import { withWorld } from '../fleet/open-world.js';
import { logTo } from '../output/print.js';

/** `hawser top`: what `status` shows, kept up to date. */
export function topCommand(context: CommandContext): Command {
  return withConnection(new Command('top'), 'hawser top')
    .description(
      'show the hosts, what runs on each, deploys in progress and what is wrong, live; q leaves, --json prints each change',
    )
    .addHelpText(
      'after',
      `
Keys:
  Up, Down, j, k, PgUp, PgDn, Home, End   move
  Enter                                   show or leave a host's details
  s                                       sort by name, state or disk
  /                                       list only hosts with a text in their line or labels
  Esc                                     go back: from details, from a filter, out
  q, Ctrl-C                               leave`,
    )
    .action(async (flags: ConnectionFlags) => {
      const { printTop, requireScreen, showTop } = await import('../top/run-top.js');
      const log = logTo(flags);
      if (!flags.json) requireScreen();
      await withWorld(context, flags, (world, call) => (flags.json ? printTop : showTop)(world, call, log), {
        saysVersions: true,
      });
    });
}

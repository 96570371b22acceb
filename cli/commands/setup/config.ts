import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { formatTable, printResult } from '../../output/print.js';

/** `hawser config`: what a command would use. */
export function configCommand(context: CommandContext): Command {
  return new Command('config')
    .description('see which settings count')
    .addCommand(configShow(context))
    .addHelpText('after', '\nExample:\n  $ hawser config show --fleet prod');
}

function configShow(context: CommandContext): Command {
  return withConnection(new Command('show'), 'hawser config show --fleet prod')
    .description('show each setting that a command with these flags would use, and where it comes from')
    .action(async (flags: ConnectionFlags) => {
      const { readSettings } = await import('../../config/read-settings.js');
      const settings = await readSettings(flags, context.interrupts.signal);
      const rows = settings.flatMap(({ name, value, from }) => {
        const text = [value ?? []].flat().join(', ');
        return text === '' ? [] : [[name, text, from]];
      });
      const table = formatTable(['SETTING', 'VALUE', 'FROM'], rows);
      printResult(
        flags,
        settings.map(({ name, value = null, from }) => ({ name, value, from })),
        table,
      );
    });
}

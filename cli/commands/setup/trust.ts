import path from 'node:path';
import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { type OutputOptions, printResult } from '../../output/print.js';

interface TrustFlags extends OutputOptions {
  readonly list: boolean;
  readonly remove: boolean;
}

/** `hawser trust`: which directories' files may decide how a fleet is reached. */
export function trustCommand(_: CommandContext): Command {
  return withOutput(new Command('trust'), 'hawser trust ~/src/web')
    .description(
      'trust the connection settings in the hawser.yaml of a directory (SSH destinations, host keys, identities, seeds, certificates) until they change',
    )
    .argument('[dir]', 'the directory (default: the nearest one with a hawser.yaml, from here upward)')
    .option('--list', 'list the directories that you trust', false)
    .option('--remove', 'stop trusting the directory', false)
    .addHelpText(
      'after',
      '\nA hawser.yaml that only describes an app needs no trust, and neither does one named with --config.',
    )
    .action(async (folder: string | undefined, flags: TrustFlags) => {
      const actions = await import('../../trust/trust-command-actions.js');
      const { value, text } = await chosen(actions, folder, flags);
      printResult(flags, value, text);
    });
}

function chosen(
  actions: typeof import('../../trust/trust-command-actions.js'),
  folder: string | undefined,
  flags: TrustFlags,
): Promise<import('../../trust/trust-command-actions.js').TrustOutcome> {
  if (flags.list && (flags.remove || folder !== undefined)) {
    const message = `--list lists every directory that you trust: leave out ${flags.remove ? '--remove' : folder}.`;
    throw new CliError('usage', message);
  }
  if (flags.list) return actions.listFolders();
  if (flags.remove) return actions.forgetFolder(path.resolve(folder ?? '.'));
  return actions.trustFolder(folder);
}

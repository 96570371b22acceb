import path from 'node:path';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type OutputOptions, printResult } from '../output/print.js';

interface TrustFlags extends OutputOptions {
  readonly list: boolean;
  readonly remove: boolean;
}

/** `hawser trust`: which folders' files may say how a fleet is reached. */
export function trustCommand(_: Context): Command {
  return new Command('trust')
    .description(
      'let the hawser.yaml of a folder say how the fleet is reached: destinations, host keys, keys to log in with, seeds, certificates; until these change',
    )
    .argument('[dir]', 'the folder (default: the nearest one upward from here that has a hawser.yaml)')
    .option('--list', 'list the folders that you trust', false)
    .option('--remove', 'trust the folder no longer', false)
    .option('--json', 'print one JSON value', false)
    .option('--verbose', 'say what is done, and where an error comes from', false)
    .addHelpText(
      'after',
      '\nA hawser.yaml that only describes an app needs no trust, nor does one that you name with --config.\n\nExample:\n  $ hawser trust ~/src/web',
    )
    .action(async (folder: string | undefined, flags: TrustFlags) => {
      const actions = await import('../trust/manage-folders.js');
      const { value, text } = await chosen(actions, folder, flags);
      printResult(flags, value, text);
    });
}

function chosen(
  actions: typeof import('../trust/manage-folders.js'),
  folder: string | undefined,
  flags: TrustFlags,
): Promise<import('../trust/manage-folders.js').TrustOutcome> {
  if (flags.list) return actions.listFolders();
  if (flags.remove) return actions.forgetFolder(path.resolve(folder ?? '.'));
  return actions.trustFolder(folder);
}

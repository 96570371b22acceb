import { type Command, CommanderError } from 'commander';
import { EXIT_CODES } from '../../../cli/exit-codes.js';
import { addHelpCommands } from '../../../cli/help/help-command.js';
import type { Interrupts } from '../../../cli/interrupts.js';
import { program } from '../../../cli/program.js';

/** Thrown where the command would begin. */
class Understood extends Error {}

/** What is wrong with the arguments of `hawser`, without doing what they say; undefined if nothing is. */
export type CheckCommandLine = (args: readonly string[]) => Promise<string | undefined>;

/** Makes the program whose command lines are checked, which takes longer than to check one. */
export async function commandLineChecker(interrupts: Interrupts): Promise<CheckCommandLine> {
  const root = await program({ version: '', interrupts, exitCode: EXIT_CODES.done });
  addHelpCommands(root);
  beSilent(root);
  root.hook('preAction', () => {
    throw new Understood();
  });
  return async (args) => {
    try {
      await root.parseAsync([...args], { from: 'user' });
      return undefined;
    } catch (error) {
      if (error instanceof Understood) return undefined;
      if (!(error instanceof CommanderError)) throw error;
      return error.exitCode === 0 ? undefined : error.message;
    }
  };
}

function beSilent(command: Command): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  for (const child of command.commands) beSilent(child);
}

import { Command, CommanderError, Option } from 'commander';
import type { CommandContext } from './command-context.js';
import { COMMANDS, HIDDEN_COMMANDS } from './command-list.js';
import { CliError, InterruptedError } from './errors.js';
import { EXIT_CODES } from './exit-codes.js';
import { timeLimitOf, withTimeLimit } from './fleet/connection-flags.js';
import { GENERAL_OPTIONS, HELP_FORMAT } from './help/format-help.js';
import { addHelpCommands } from './help/help-command.js';
import { Interrupts } from './interrupts.js';
import { describeCommandLine, pathOf } from './output/describe-command-line.js';
import { type Lines, lines } from './output/escaped-lines.js';
import { formatDuration } from './output/format-quantities.js';
import { printError } from './output/print.js';
import { runLog } from './output/run-log.js';
import { writeJson, writeRemark, writeUsage } from './output/write-output.js';

/** Runs one command line and returns the exit code. Only `main.ts` calls it. */
export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  using interrupts = new Interrupts();
  const context: CommandContext = { version, interrupts, exitCode: EXIT_CODES.done };
  const options = { json: argv.includes('--json'), verbose: argv.includes('--verbose') };
  try {
    const root = await program(context, argv[2]);
    root.hook('preAction', (_, command) => {
      noteRun(command);
      limitRun(command, interrupts);
    });
    addHelpCommands(root);
    await root.parseAsync(argv);
    const { reason } = interrupts;
    if (reason !== undefined && context.exitCode === EXIT_CODES.done && !context.endedNormally) throw reason;
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, options);
    if (error instanceof InterruptedError && !error.isTelling) return EXIT_CODES.interrupted;
    return printError(error, options);
  }
}

/** An agent keeps a log of its own. */
function noteRun(command: Command): void {
  if (!['run', 'bridge', 'help'].includes(command.name())) runLog.begin(describeCommandLine(command));
}

/** Of commands that talk to no fleet; others have a limit for each answer. */
function limitRun(command: Command, interrupts: Interrupts): void {
  const ms = timeLimitOf(command);
  if (ms === undefined) return;
  const message = `${pathOf(command)} did not end within ${formatDuration(ms)}.`;
  interrupts.limit(ms, new CliError('failed', message));
}

/** Prints what can follow the words of a command line. Only `main.ts` calls it. */
export async function completeCommandLine(words: readonly string[], version: string): Promise<void> {
  using interrupts = new Interrupts();
  const root = await program(
    { version, interrupts, exitCode: EXIT_CODES.done },
    words.length > 2 ? words[1] : undefined,
  );
  addHelpCommands(root);
  const { runCompletion } = await import('./completion/run-completion.js');
  await runCompletion(root, words);
}

/** commander has already printed its message, except with --json. */
function usageExit(error: CommanderError, options: { json: boolean }): number {
  if (error.exitCode === 0) return EXIT_CODES.done;
  if (options.json) {
    const message = error.message.replace(/^error: /, '');
    writeJson({ error: { code: 'usage', message } }, 'stderr');
  }
  return EXIT_CODES.usage;
}

/**
 * The commands, with nothing run yet.
 *
 * @param only the name of the one that is needed, which is all that is loaded then; any other word loads all
 */
export async function program(context: CommandContext, only?: string): Promise<Command> {
  const json = process.argv.includes('--json');
  const root = new Command('hawser')
    .description('Operate and deploy to a fleet of Linux hosts with nothing but SSH.')
    .optionsGroup(GENERAL_OPTIONS)
    .version(context.version, '-V, --version', 'print the version')
    // Flags after a subcommand's name belong to the subcommand, even if its parent has the same flag.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nRun "hawser COMMAND --help" for the options of a command.\n\nExample:\n  $ hawser status --ssh-url root@web1 --ssh-url root@web2',
    );
  const isNeeded = isCommand(only) ? (name: string) => name === only : () => true;
  for (const { heading, commands } of COMMANDS) {
    root.commandsGroup(heading);
    for (const command of await load(commands, isNeeded)) root.addCommand(command(context));
  }
  for (const command of await load(HIDDEN_COMMANDS, isNeeded))
    root.addCommand(command(context), { hidden: true });
  configureAll(root, json);
  return root;
}

function isCommand(word: string | undefined): boolean {
  const all = [...COMMANDS.map(({ commands }) => commands), HIDDEN_COMMANDS];
  return word !== undefined && all.some((commands) => Object.hasOwn(commands, word));
}

function load(commands: typeof HIDDEN_COMMANDS, isNeeded: (name: string) => boolean) {
  const needed = Object.entries(commands).filter(([name]) => isNeeded(name));
  return Promise.all(needed.map(([, loadOne]) => loadOne()));
}

/** commander's message quotes what was typed, and may have a suggestion on a second line. */
function usageError(text: string): Lines {
  const [, sentence = text, suggestion] =
    /^(?:error: )?(.*?)(?:\n(\(Did you mean [^\n]*\)))?\n?$/s.exec(text) ?? [];
  return lines([`hawser: ${sentence}`, ...(suggestion === undefined ? [] : [suggestion])]);
}

/** Settings that commander does not hand down to commands made on their own. */
function configureAll(command: Command, json: boolean): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp(HELP_FORMAT)
    .addHelpOption(new Option('-h, --help', 'show this help').helpGroup(GENERAL_OPTIONS));
  command.configureOutput({
    writeOut: (text) => writeUsage(text, 'stdout'),
    writeErr: (text) => {
      if (!json) writeUsage(text, 'stderr');
    },
    outputError: (text) => {
      if (!json) writeRemark(usageError(text));
    },
  });
  if (command.commands.length === 0 && command.name() !== 'bridge') withTimeLimit(command);
  for (const child of command.commands) configureAll(child, json);
}

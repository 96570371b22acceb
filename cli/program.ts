import { Command, CommanderError, Option } from 'commander';
import type { CommandContext } from './command-context.js';
import { bridgeCommand } from './commands/bridge.js';
import { backupCommand } from './commands/cluster/backup.js';
import { endpointsCommand } from './commands/cluster/endpoints.js';
import { membersCommand } from './commands/cluster/members.js';
import { restoreCommand } from './commands/cluster/restore.js';
import { sizeCommand } from './commands/cluster/size.js';
import { demoCommand } from './commands/demo.js';
import { appsCommand } from './commands/deploys/apps.js';
import { removeCommand, restartCommand, rollbackCommand } from './commands/deploys/change-commands.js';
import { deployCommand } from './commands/deploys/deploy.js';
import { deploysCommand } from './commands/deploys/deploys.js';
import { secretCommand } from './commands/deploys/secret.js';
import { doctorCommand } from './commands/doctor.js';
import { envCommand } from './commands/forward/env.js';
import { forwardCommand } from './commands/forward/forward.js';
import { cpCommand } from './commands/hosts/cp.js';
import { execCommand } from './commands/hosts/exec.js';
import { sshCommand } from './commands/hosts/ssh.js';
import { logsCommand } from './commands/logs.js';
import { runCommand } from './commands/run.js';
import { completionCommand } from './commands/setup/completion.js';
import { configCommand } from './commands/setup/config.js';
import { downCommand } from './commands/setup/down.js';
import { fleetCommand } from './commands/setup/fleet.js';
import { initCommand } from './commands/setup/init.js';
import { trustCommand } from './commands/setup/trust.js';
import { upCommand } from './commands/setup/up.js';
import { upgradeCommand } from './commands/setup/upgrade.js';
import { diffCommand } from './commands/state/diff.js';
import { fsCommand } from './commands/state/fs.js';
import { historyCommand } from './commands/state/history.js';
import { mapCommand } from './commands/state/map.js';
import { resCommand } from './commands/state/res.js';
import { scheduleCommand } from './commands/state/schedule.js';
import { strCommand } from './commands/state/str.js';
import { undoCommand } from './commands/state/undo.js';
import { statusCommand } from './commands/status.js';
import { topCommand } from './commands/top.js';
import { InterruptedError } from './errors.js';
import { EXIT_CODES } from './exit-codes.js';
import { GENERAL_OPTIONS, HELP_FORMAT } from './help/format-help.js';
import { addHelpCommands } from './help/help-command.js';
import { Interrupts } from './interrupts.js';
import { describeCommandLine } from './output/describe-command-line.js';
import { type Lines, lines } from './output/escaped-lines.js';
import { printError } from './output/print.js';
import { runLog } from './output/run-log.js';
import { writeJson, writeRemark, writeUsage } from './output/write-output.js';

/** Runs one command line and returns the exit code. Only `main.ts` calls it. */
export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  using interrupts = new Interrupts();
  const context: CommandContext = { version, interrupts, exitCode: EXIT_CODES.done };
  const options = { json: argv.includes('--json'), verbose: argv.includes('--verbose') };
  try {
    const root = program(context).hook('preAction', (_, command) => noteRun(command));
    addHelpCommands(root);
    await root.parseAsync(argv);
    if (interrupts.reason !== undefined && context.exitCode === EXIT_CODES.done && !context.endedNormally) {
      return EXIT_CODES.interrupted;
    }
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

/** Prints what can follow the words of a command line. Only `main.ts` calls it. */
export async function completeCommandLine(words: readonly string[], version: string): Promise<void> {
  using interrupts = new Interrupts();
  const root = program({ version, interrupts, exitCode: EXIT_CODES.done });
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

/** The commands by what people do with them, as `hawser --help` lists them. */
const COMMANDS: readonly (readonly [heading: string, commands: ((context: CommandContext) => Command)[]])[] =
  [
    [
      'Set up:',
      [
        demoCommand,
        upCommand,
        downCommand,
        upgradeCommand,
        initCommand,
        fleetCommand,
        runCommand,
        trustCommand,
        configCommand,
        completionCommand,
      ],
    ],
    [
      'Deploy:',
      [
        deployCommand,
        deploysCommand,
        rollbackCommand,
        appsCommand,
        restartCommand,
        removeCommand,
        logsCommand,
        secretCommand,
      ],
    ],
    [
      'Operate:',
      [
        statusCommand,
        topCommand,
        doctorCommand,
        execCommand,
        sshCommand,
        cpCommand,
        forwardCommand,
        envCommand,
      ],
    ],
    [
      'Share state:',
      [
        strCommand,
        mapCommand,
        resCommand,
        scheduleCommand,
        fsCommand,
        historyCommand,
        diffCommand,
        undoCommand,
      ],
    ],
    [
      'Manage the etcd cluster:',
      [membersCommand, endpointsCommand, sizeCommand, backupCommand, restoreCommand],
    ],
  ];

/** All commands, with nothing run yet. */
export function program(context: CommandContext): Command {
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
  for (const [heading, commands] of COMMANDS) {
    root.commandsGroup(heading);
    for (const command of commands) root.addCommand(command(context));
  }
  // Run by other commands over SSH, not by people.
  root.addCommand(bridgeCommand(), { hidden: true });
  configureAll(root, json);
  return root;
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
  for (const child of command.commands) configureAll(child, json);
}

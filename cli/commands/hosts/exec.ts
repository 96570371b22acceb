import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import type { WantedCommand } from '../../exec/remote-line.js';
import { EXIT_CODES } from '../../exit-codes.js';
import type { HostChoiceFlags } from '../../hosts/choose-hosts.js';
import { loginTimeout, withHostChoice } from '../../hosts/host-choice-flags.js';
import { duration, wholeNumber } from '../../input/parse-flag-values.js';
import { printNote } from '../../output/print.js';
import { expandHome } from '../../system/user-folders.js';
import { splitWords } from './split-words.js';

interface ExecFlags extends HostChoiceFlags {
  readonly command?: string;
  readonly sudo: boolean;
  readonly sudoPasswordFile?: string;
  readonly group: boolean;
  readonly serial?: number;
  readonly rerun?: 'failed';
  readonly allowEmpty: boolean;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly timeout?: number;
}

/** `hawser exec`: one command on many hosts. */
export function execCommand(context: CommandContext): Command {
  const command = new Command('exec')
    .description('run a command on hosts, all at once')
    .usage('[options] HOSTS -- COMMAND [ARGUMENT…]')
    .argument('[hosts]', 'names, globs and labels, or all; and SSH destinations; separated by commas')
    .argument('[command...]', 'what to run, after two dashes')
    .option('-c, --command <line>', 'line for sh, such as "ps ax | wc -l", instead of a command')
    .option('-b, --group', 'show the output at the end, and the same one once for all its hosts', false)
    .addOption(
      new Option('--serial <count>', 'run on so many hosts at a time (default: all)').argParser(wholeNumber),
    )
    .addOption(
      new Option(
        '--rerun <hosts>',
        'run on those hosts of the last run, by default the same command',
      ).choices(['failed']),
    )
    .option('--sudo', 'run as root, by sudo', false)
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .option('-t, --tty', 'give the command a terminal; for one host only', false)
    .option('--no-stdin', 'let the command read nothing, instead of what comes in here')
    .option('--allow-empty', 'succeed without doing anything where no host matches', false);
  withHostChoice(command, "hawser exec 'web*' -- systemctl is-active nginx");
  return command
    .addOption(loginTimeout('--connect-timeout'))
    .addOption(
      new Option('--timeout <duration>', 'time limit for the command on each host (default: none)').argParser(
        duration,
      ),
    )
    .action(async (hosts: string | undefined, words: string[], flags: ExecFlags) => {
      const all = hosts === undefined ? [] : [hosts, ...words];
      await execOnHosts(splitWords(command, all), flags, context);
    });
}

async function execOnHosts(
  { before, after }: ReturnType<typeof splitWords>,
  flags: ExecFlags,
  context: CommandContext,
): Promise<void> {
  const [{ chooseHosts }, { exec }, { hostsToRerun }] = await Promise.all([
    import('../../hosts/choose-hosts.js'),
    import('../../exec/exec.js'),
    import('../../exec/hosts-to-rerun.js'),
  ]);
  const [hostsText, ...more] = flags.rerun !== undefined && after.length > 0 ? [before.join(',')] : before;
  const given = commandOf([...more, ...after], flags);
  const wanted =
    flags.rerun === undefined
      ? { text: hostsText, command: given, fleet: flags.fleet, sudo: flags.sudo }
      : await hostsToRerun({ text: hostsText, command: given, fleet: flags.fleet, sudo: flags.sudo });
  const { text, command, sudo } = wanted;
  if (text === undefined || text === '')
    throw new CliError(
      'usage',
      'Name the hosts: hawser exec HOSTS -- COMMAND. "all" are those of the fleet.',
    );
  if (command === undefined)
    throw new CliError('usage', 'Name the command, after two dashes: hawser exec HOSTS -- COMMAND.');
  const choice = loginFlags(flags, wanted.fleet);
  const chosen = await chooseHosts(text, choice, { allowsNone: flags.allowEmpty });
  const hosts = chosen.hosts.filter(({ name }) => wanted.only?.has(name) !== false);
  const { fleetFile } = chosen;
  if (hosts.length === 0 && chosen.hosts.length > 0 && !flags.allowEmpty)
    throw new CliError(
      'usage',
      `The last run failed on none of ${text}. If that is no mistake, pass --allow-empty.`,
    );
  if (hosts.length === 0) {
    printNote(flags, `hawser: No host matches ${text}: nothing was done.`);
    return;
  }
  if (flags.tty) {
    const [{ onlyHost, openSession }, { remoteLine }] = await Promise.all([
      import('../../ssh/open-session.js'),
      import('../../exec/remote-line.js'),
    ]);
    if (flags.json)
      throw new CliError('usage', 'What a terminal shows is no JSON: leave out --tty or --json.');
    const line = remoteLine(command, { prefix: sudo ? ['sudo', '--'] : [] });
    const session = { ...flags, host: onlyHost(hosts, '--tty'), line };
    const code = await openSession(session, context.interrupts.signal);
    context.exitCode = code === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
    return;
  }
  const { sudoPasswordFile: file, timeout: timeoutMs, serial } = flags;
  const sudoPasswordFile = file === undefined ? undefined : expandHome(file);
  const request = { ...flags, command, hosts, fleetFile, sudo, sudoPasswordFile, timeoutMs, serial };
  await exec(request, context.interrupts.signal);
}

/** The time limit of the command is none for logging in. */
function loginFlags({ timeout: _, ...flags }: ExecFlags, fleet: string | undefined): HostChoiceFlags {
  return fleet === undefined ? flags : { ...flags, fleet };
}

function commandOf(words: readonly string[], { command: line }: ExecFlags): WantedCommand | undefined {
  const [program, ...args] = words;
  if (line === undefined) return program === undefined ? undefined : { argv: [program, ...args] };
  if (program === undefined) return { line };
  throw new CliError('usage', `Pass either -c LINE or a command, not both: ${program}.`);
}

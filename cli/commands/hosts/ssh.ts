import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import type { HostChoiceFlags } from '../../hosts/choose-hosts.js';
import { loginTimeout, withHostChoice } from '../../hosts/host-choice-flags.js';

interface SshFlags extends Omit<HostChoiceFlags, 'connectTimeout'> {
  readonly timeout?: number;
  /** Undefined where nobody said. */
  readonly tty?: boolean;
}

/** `hawser ssh`: a shell on a host of the fleet. */
export function sshCommand(context: CommandContext): Command {
  const command = new Command('ssh')
    .description('open a shell on a host, or run one command there')
    .usage('[options] HOST [-- COMMAND [ARGUMENT…]]')
    .argument('<host>', 'host of the fleet, or SSH destination')
    .argument('[command...]', 'what to run instead of a shell, after two dashes')
    .option('-t, --tty', 'give the command a terminal (default: where we have one)')
    .option('--no-tty', 'give it none');
  withHostChoice(command, 'hawser ssh web1');
  return command
    .addOption(loginTimeout('--timeout'))
    .addHelpText('after', '\nAt the beginning of a line, ~. disconnects and ~? lists the other escapes.')
    .action(async (host: string, argv: string[], flags: SshFlags) => {
      await run(host, argv, { flags, context });
    });
}

interface Call {
  readonly flags: SshFlags;
  readonly context: CommandContext;
}

async function run(text: string, argv: readonly string[], { flags, context }: Call): Promise<void> {
  const [{ chooseHosts }, { onlyHost, openSession }, { remoteLine }, { exec }] = await Promise.all([
    import('../../hosts/choose-hosts.js'),
    import('../../ssh/open-session.js'),
    import('../../exec/remote-line.js'),
    import('../../exec/exec.js'),
  ]);
  const { hosts, fleetFile } = await chooseHosts(text, {
    ...flags,
    ...(flags.timeout && { connectTimeout: flags.timeout }),
  });
  const host = onlyHost(hosts, 'hawser ssh');
  const [program, ...args] = argv;
  const { signal } = context.interrupts;
  if (flags.json) {
    if (program === undefined)
      throw new CliError('usage', 'A shell has no result to print as JSON: name a command after two dashes.');
    await exec({ ...PLAIN, ...flags, hosts, fleetFile, command: { argv: [program, ...args] } }, signal);
    return;
  }
  const line = program === undefined ? undefined : remoteLine({ argv: [program, ...args] });
  context.exitCode = await openSession({ ...flags, host, line, tty: flags.tty }, signal);
}

const PLAIN = {
  group: false,
  sudo: false,
  sudoPasswordFile: undefined,
  serial: undefined,
  timeoutMs: undefined,
  stdin: true,
};

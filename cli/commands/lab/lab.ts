import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { byteSize, duration } from '../../input/parse-flag-values.js';
import type { UpFlags } from '../../lab/up-lab.js';
import { formatTable, type OutputOptions, printResult } from '../../output/print.js';
import { faultCommands } from './fault-commands.js';

/** `hawser lab`: hosts to try things with, on this machine, which can be broken on purpose. */
export function labCommand(context: CommandContext): Command {
  const command = new Command('lab')
    .description(
      'start hosts on this machine with real sshd and etcd, and break them on purpose: cut off, frozen, killed…',
    )
    .addCommand(upCommand(context))
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(sshCommand(context));
  for (const fault of faultCommands()) command.addCommand(fault);
  return command
    .addCommand(downCommand())
    .addHelpText(
      'after',
      '\nExample:\n  $ hawser lab up --hosts 3 --agents\n  $ hawser lab cut h2\n  $ hawser lab heal h2\n  $ hawser lab down',
    );
}

function upCommand(context: CommandContext): Command {
  const command = withOutput(new Command('up'), 'hawser lab up --hosts 3 --agents')
    .description(
      'start a lab: containers where docker or podman works, else processes; it stays until "hawser lab down"',
    )
    .option('--hosts <hosts>', 'how many hosts, named h1, h2…; or their names: web1,web2', '3')
    .option('--name <name>', 'what to call the lab', 'lab')
    .option('--agents', 'run an agent with an etcd server on each host', false)
    .addOption(
      choice('--backend <kind>', 'how to run the hosts', ['auto', 'containers', 'processes']).default('auto'),
    )
    .addOption(choice('--etcd <version>', 'version of etcd that agents run', ['3.4', '3.5', '3.6']))
    .option('--user <name>', 'user that logs in (default: root; for processes, yourself)')
    .addOption(choice('--sudo <how>', 'what sudo wants from that user', ['none', 'free', 'password']))
    .option('--jump <host>', 'host of the lab through which alone the others are reached')
    .addOption(
      choice('--sshd <kind>', 'how sshd is configured', ['default', 'old', 'hardened', 'two-factor']),
    )
    .option('--systemd', 'make systemd the first process of each host, which is otherwise bare', false)
    .addOption(size('--disk <size>', 'size of the file system at /var/lib/hawser, so that it can be filled'))
    .addOption(
      new Option('--delay <duration>', 'time that each round trip with a host takes longer').argParser(
        duration,
      ),
    );
  return command.action(async (given: Omit<UpFlags, 'hosts'> & { readonly hosts: string }) => {
    const [{ parseHosts, upLab }, { describeLab, formatLab }] = await Promise.all([
      import('../../lab/up-lab.js'),
      import('../../lab/describe-lab.js'),
    ]);
    const fleet = await upLab({ ...given, hosts: parseHosts(given.hosts) }, context.interrupts.signal);
    const lab = await describeLab(fleet);
    printResult(given, lab, formatLab(lab));
  });
}

function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

function size(flags: string, description: string): Option {
  return new Option(flags, description).argParser(byteSize);
}

function listCommand(): Command {
  return withOutput(new Command('list'), 'hawser lab list')
    .description('list the labs that run')
    .action(async (flags: OutputOptions) => {
      const { listLabs } = await import('../../lab/labs.js');
      const labs = await listLabs(flags);
      const value = labs.map(({ name, backend, hosts, startedAt, folder }) => ({
        ...{ name, backend, hosts, folder },
        since: startedAt.toISOString(),
      }));
      const rows = value.map(({ name, backend, hosts, since }) => [name, hosts.join(','), backend, since]);
      const none = 'No lab runs. Start one with "hawser lab up".';
      printResult(
        flags,
        value,
        rows.length === 0 ? none : formatTable(['LAB', 'HOSTS', 'MADE OF', 'SINCE'], rows),
      );
    });
}

function showCommand(): Command {
  return withOutput(new Command('show'), 'hawser lab show')
    .description('show the hosts of a lab with their faults, and how to reach them')
    .argument('[name]', 'the lab (default: the only one, or the one named lab)')
    .action(async (name: string | undefined, flags: OutputOptions) => {
      const [{ findLab }, { describeLab, formatLab }] = await Promise.all([
        import('../../lab/labs.js'),
        import('../../lab/describe-lab.js'),
      ]);
      const lab = await describeLab(await findLab(name, flags));
      printResult(flags, lab, formatLab(lab));
    });
}

function sshCommand(context: CommandContext): Command {
  return withOutput(new Command('ssh'), 'hawser lab ssh h1 -- uptime')
    .description('open a shell on a host of a lab, or run one command there')
    .argument('<host>', 'host of the lab')
    .argument('[command...]', 'what to run instead of a shell, after two dashes')
    .option('--name <name>', 'the lab (default: the only one, or the one named lab)')
    .action(async (host: string, words: string[], flags: OutputOptions & { readonly name?: string }) => {
      const [{ findLab }, { sshIntoLab }] = await Promise.all([
        import('../../lab/labs.js'),
        import('../../lab/ssh-lab.js'),
      ]);
      context.exitCode = await sshIntoLab(await findLab(flags.name, flags), host, words);
    });
}

interface DownFlags extends OutputOptions {
  readonly all: boolean;
}

function downCommand(): Command {
  return withOutput(new Command('down'), 'hawser lab down')
    .description('end a lab, and remove everything of it')
    .argument('[name]', 'the lab (default: the only one, or the one named lab)')
    .option('--all', 'end every lab of yours', false)
    .action(async (name: string | undefined, flags: DownFlags) => {
      if (flags.all && name !== undefined)
        throw new CliError('usage', `--all ends every lab: leave out ${name}.`);
      const { downLabs } = await import('../../lab/down-labs.js');
      const removed = await downLabs(name, flags);
      printResult(
        flags,
        { removed },
        removed.length === 0 ? 'No lab runs.' : `Removed ${removed.join(', ')}.`,
      );
    });
}

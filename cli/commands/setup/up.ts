import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { collectLabel, wholeNumber } from '../../input/parse-flag-values.js';
import { printResult } from '../../output/print.js';
import type { UpRequest } from '../../setup/up/up-request.js';
import { type HostFlags, toHostRequest, withHostFlags } from './host-flags.js';

interface UpFlags extends HostFlags<Omit<UpRequest, 'destinations' | 'labels' | 'addresses'>> {
  readonly label?: Readonly<Record<string, string>>;
  readonly address?: ReadonlyMap<string, string>;
}

/** `hawser up`: from bare hosts to a fleet. */
export function upCommand(context: CommandContext): Command {
  const command = new Command('up')
    .description(
      'make hosts a fleet, or bring a fleet to what it should be: look at every host, show a plan, ask once, then install and start the agents over SSH alone; if it was interrupted, run it again to continue',
    )
    .argument(
      '[destination...]',
      'hosts to add: user@host:port or a Host of ssh_config, NAME=DESTINATION gives it another name; without any, those of the fleet',
    )
    .option('--plan', 'only show what would be done', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--name <name>', 'name of the fleet, if it is new (default: asked for, else "prod")')
    .addOption(
      new Option(
        '--cluster-size <n>',
        'number of hosts that run etcd, for a new cluster (default: 5)',
      ).argParser(wholeNumber),
    )
    .addOption(
      new Option('--label <key=value>', 'label for the hosts named in this call (repeatable)').argParser(
        collectLabel,
      ),
    )
    .addOption(
      new Option(
        '--address <host=address>',
        'address at which the other hosts reach a host (repeatable)',
      ).argParser(collectAddress),
    )
    .option(
      '--new-authority',
      'replace the authority that issues the certificates of the hosts, without stopping the fleet; the key of the old one is not needed',
      false,
    )
    .option(
      '--no-group',
      'do not put the SSH user into the group hawser: commands then use sudo on that host',
    )
    .option('--runtime <file>', 'node program for Linux to send, instead of fetching one with npm')
    .option(
      '--etcd <file>',
      'etcd program for Linux to send to hosts that have none, instead of a package or a download',
    )
    .option('--use-host-node', 'run hawser with the Node that is installed on the hosts', false);
  return withHostFlags(command, 'hawser up root@web1.example.org ann@web2.example.org web3').action(
    async (destinations: string[], flags: UpFlags) => {
      const { up } = await import('../../setup/up/up.js');
      const { value, text, exitCode } = await up(toRequest(context, destinations, flags));
      printResult(flags, value, text);
      context.exitCode = exitCode;
    },
  );
}

function toRequest(context: CommandContext, destinations: readonly string[], flags: UpFlags): UpRequest {
  const { label: labels = {}, address: addresses = new Map(), ...rest } = flags;
  return { ...toHostRequest(context, rest), destinations, labels, addresses };
}

function collectAddress(value: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, host, address] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (host === undefined || address === undefined) {
    throw new CliError('usage', `--address ${value}: expected HOST=ADDRESS, such as web1=10.0.0.1.`);
  }
  return new Map([...before, [host, address]]);
}

import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withLoginFlags, withOutput } from '../../fleet/connection-flags.js';
import { collectLabel, duration, wholeNumber } from '../../input/parse-flag-values.js';
import { logTo, printResult } from '../../output/print.js';
import type { UpRequest } from '../../setup/up/up-request.js';
import { expandHome } from '../../system/user-folders.js';

interface UpFlags
  extends Omit<UpRequest, 'destinations' | 'labels' | 'addresses' | 'timeoutMs' | 'signal' | 'log'> {
  readonly label?: Readonly<Record<string, string>>;
  readonly address?: ReadonlyMap<string, string>;
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 15_000;

/** `hawser up`: from bare hosts to a fleet. */
export function upCommand(context: CommandContext): Command {
  const command = new Command('up')
    .description(
      'make hosts a fleet, or bring a fleet to what it should be: look at every host, show a plan, ask once, then install and start the agents over SSH alone; run again, it goes on where it stopped',
    )
    .argument(
      '[destination...]',
      'hosts to add: user@host:port or a Host of ssh_config, with NAME= in front to call it otherwise; without any, those of the fleet',
    )
    .option('--plan', 'only show what would be done', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--name <name>', 'name of the fleet, if it is new (default: asked for, else "prod")')
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .addOption(
      new Option(
        '--cluster-size <n>',
        'number of hosts that run etcd, for a new cluster (default: 5)',
      ).argParser(wholeNumber),
    )
    .addOption(
      new Option('--label <key=value>', 'label for the hosts that are named (repeatable)').argParser(
        collectLabel,
      ),
    )
    .addOption(
      new Option(
        '--address <host=address>',
        'address of a host that the other hosts dial (repeatable)',
      ).argParser(collectAddress),
    )
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .option('--runtime <file>', 'program of a Node for Linux to send, instead of fetching one with npm')
    .option('--use-host-node', 'run hawser with the Node that the hosts have', false);
  return withOutput(withLoginFlags(command), 'hawser up root@web1.example.org ann@web2.example.org web3')
    .addOption(
      new Option('--timeout <duration>', 'time limit for logging in to a host')
        .argParser(duration)
        .default(undefined, '15s'),
    )
    .action(async (destinations: string[], flags: UpFlags) => {
      const { up } = await import('../../setup/up/up.js');
      const { value, text, exitCode } = await up(toRequest(context, destinations, flags));
      printResult(flags, value, text);
      context.exitCode = exitCode;
    });
}

function toRequest(context: CommandContext, destinations: readonly string[], flags: UpFlags): UpRequest {
  const { label = {}, address = new Map(), timeout = DEFAULT_TIMEOUT_MS, sshConfig, ...rest } = flags;
  return {
    ...rest,
    destinations,
    labels: label,
    addresses: address,
    sshConfig: sshConfig === undefined ? undefined : expandHome(sshConfig),
    sshId: rest.sshId?.map(expandHome),
    sshKnownHosts: rest.sshKnownHosts?.map(expandHome),
    timeoutMs: timeout,
    signal: context.interrupts.signal,
    log: logTo(flags),
  };
}

function collectAddress(value: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, host, address] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (host === undefined || address === undefined) {
    throw new CliError('usage', `--address ${value}: expected HOST=ADDRESS, such as web1=10.0.0.1.`);
  }
  return new Map([...before, [host, address]]);
}

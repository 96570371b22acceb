import { Command, Option } from 'commander';
import type { TestFleet } from '../../../testing/index.js';
import { CliError } from '../../errors.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { byteSize, duration } from '../../input/parse-flag-values.js';
import type { FaultFlags } from '../../lab/apply-fault.js';

interface DiskFlags extends FaultFlags {
  readonly path?: string;
  readonly free?: number;
  readonly undo: boolean;
}

interface ClockFlags extends FaultFlags {
  readonly behind: boolean;
}

/** Commands that break hosts of a lab, or mend them. */
export function faultCommands(): Command[] {
  return [
    simple(
      'cut',
      'drop every packet from and to hosts, silently: connections hang, new ones time out',
      (fleet, host) => fleet.cut(host),
    ),
    simple('freeze', 'stop every process of hosts where it is, until "hawser lab thaw"', (fleet, host) =>
      fleet.freeze(host),
    ),
    simple('thaw', 'let frozen hosts go on', (fleet, host) => fleet.thaw(host)),
    simple('kill', 'kill hosts as if their power were cut, until "hawser lab start"', (fleet, host) =>
      fleet.kill(host),
    ),
    simple('start', 'boot killed hosts, and their agents', (fleet, host) => fleet.start(host)),
    delayCommand(),
    clockCommand(),
    fillDiskCommand(),
    healCommand(),
  ];
}

function simple(
  name: string,
  description: string,
  apply: (fleet: TestFleet, host: string) => Promise<void>,
): Command {
  return faultCommand(name, `hawser lab ${name} h2`)
    .description(description)
    .argument('<hosts...>', 'hosts of the lab')
    .action(async (hosts: string[], flags: FaultFlags) => {
      const { applyFault } = await import('../../lab/apply-fault.js');
      await applyFault(flags, { hosts, apply });
    });
}

function healCommand(): Command {
  return faultCommand('heal', 'hawser lab heal h2')
    .description('end every fault of hosts, and boot those that were killed')
    .argument('[hosts...]', 'hosts of the lab (default: all)')
    .action(async (hosts: string[], flags: FaultFlags) => {
      const { applyFault } = await import('../../lab/apply-fault.js');
      await applyFault(flags, { hosts, apply: (fleet, host) => fleet.heal(host) });
    });
}

function delayCommand(): Command {
  return faultCommand('delay', 'hawser lab delay h2 200ms')
    .description('let each round trip with a host take longer; 0s ends it')
    .argument('<host>', 'host of the lab')
    .argument('<duration>', 'how much longer', duration)
    .action(async (host: string, delayMs: number, flags: FaultFlags) => {
      const { applyFault } = await import('../../lab/apply-fault.js');
      await applyFault(flags, { hosts: [host], apply: (fleet, name) => fleet.delay(name, delayMs) });
    });
}

function clockCommand(): Command {
  return faultCommand('clock', 'hawser lab clock h2 1h')
    .description(
      'set the clock of a host ahead, for new sessions and its agent, which is restarted; 0s sets it right. Not for etcd',
    )
    .argument('<host>', 'host of the lab')
    .argument('<duration>', 'how far', duration)
    .option('--behind', 'set it behind instead', false)
    .action(async (host: string, offsetMs: number, flags: ClockFlags) => {
      const { applyFault } = await import('../../lab/apply-fault.js');
      const signed = flags.behind ? -offsetMs : offsetMs;
      await applyFault(flags, { hosts: [host], apply: (fleet, name) => fleet.clock(name, signed) });
    });
}

function fillDiskCommand(): Command {
  return faultCommand('fill-disk', 'hawser lab fill-disk h2')
    .description('fill a file system of limited size on a host, such as the one of "hawser lab up --disk"')
    .argument('<host>', 'host of the lab')
    .option('--path <dir>', 'directory in the file system to fill (default: where agents keep their data)')
    .addOption(new Option('--free <size>', 'how much stays free (default: nothing)').argParser(byteSize))
    .option('--undo', 'make room again', false)
    .action(async (host: string, flags: DiskFlags) => {
      const { path, free: freeBytes, undo } = flags;
      if (undo && (path !== undefined || freeBytes !== undefined)) {
        throw new CliError(
          'usage',
          '--undo makes room wherever a disk was filled: leave out --path and --free.',
        );
      }
      const { applyFault } = await import('../../lab/apply-fault.js');
      const fault = { ...(path !== undefined && { path }), ...(freeBytes !== undefined && { freeBytes }) };
      const apply = (fleet: TestFleet, name: string) =>
        undo ? fleet.freeDisk(name) : fleet.fillDisk(name, fault);
      await applyFault(flags, { hosts: [host], apply });
    });
}

function faultCommand(name: string, example: string): Command {
  return withOutput(new Command(name), example).option(
    '--name <name>',
    'the lab (default: the only one, or the one named lab)',
  );
}

import path from 'node:path';
import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { collect, wholeNumber } from '../../input/parse-flag-values.js';
import { lines, type OutputOptions, printResult } from '../../output/print.js';
import { canAsk } from '../../prompts/confirm.js';
import type { FleetWishes, WishedFleet } from '../../setup/init/ask-for-fleet.js';

interface InitFlags extends OutputOptions {
  readonly name?: string;
  readonly host?: string[];
  readonly label?: string[];
  readonly clusterSize?: number;
  readonly file?: string;
}

/** `hawser init`: a fleet file for hosts that nothing is done to yet. */
export function initCommand(context: CommandContext): Command {
  return withOutput(
    new Command('init'),
    'hawser init --name prod --host web1=root@web1.example.org --label web1:role=web --cluster-size 3',
  )
    .description(
      'write the file of a new fleet, asking for what no option says, without connecting to any host',
    )
    .option('--name <name>', 'name of the fleet')
    .option(
      '--host <host>',
      'host of the fleet: an SSH destination, or NAME=DESTINATION to name it (repeatable)',
      collect,
    )
    .option(
      '--label <label>',
      'labels of hosts, such as web1:role=web or web*:role=web (repeatable)',
      collect,
    )
    .addOption(
      new Option(
        '--cluster-size <n>',
        'how many of the hosts run etcd (default: most of them, up to 5)',
      ).argParser(wholeNumber),
    )
    .option('--file <file>', 'write the fleet to this file instead of to your configuration directory')
    .action((flags: InitFlags) => init(context, flags));
}

async function init(context: CommandContext, flags: InitFlags): Promise<void> {
  const { createFleet } = await import('../../fleet/file/write-fleet.js');
  const wishes = { name: flags.name, hosts: flags.host, labels: flags.label, clusterSize: flags.clusterSize };
  if (flags.name !== undefined) await refuseName(flags.name, flags);
  const isAsking = canAsk() && !flags.json;
  const { name, hosts, clusterSize } = isAsking
    ? await ask(wishes, flags, context.interrupts.signal)
    : await withoutAsking(wishes);
  const file = await fileOf(name, flags);
  await createFleet({ name, file, clusterSize, hosts, knownHosts: [] });
  const names = hosts.map((host) => host.name).join(', ');
  const next = flags.file === undefined ? '' : ` --fleet ${flags.file}`;
  printResult(
    flags,
    { name, file, clusterSize, hosts: hosts.map((host) => host.name) },
    lines([`Wrote ${file}: the fleet ${name} of ${names}.`, `Next: hawser up${next}`]),
  );
}

async function ask(wishes: FleetWishes, flags: InitFlags, signal: AbortSignal): Promise<WishedFleet> {
  const { askForFleet } = await import('../../setup/init/ask-for-fleet.js');
  return askForFleet(wishes, (name) => nameProblem(name, flags), signal);
}

async function withoutAsking({ name, hosts, labels = [], clusterSize }: FleetWishes): Promise<WishedFleet> {
  if (name === undefined || hosts === undefined) {
    const message =
      'Without a terminal to ask on, name the fleet and its hosts: --name NAME --host DESTINATION.';
    throw new CliError('usage', message);
  }
  const [{ suitableClusterSize }, { addLabels, describeHosts }] = await Promise.all([
    import('../../setup/init/ask-for-fleet.js'),
    import('../../setup/init/parse-host-arguments.js'),
  ]);
  const described = addLabels(describeHosts(hosts), labels);
  return { name, hosts: described, clusterSize: clusterSize ?? suitableClusterSize(described.length) };
}

async function refuseName(name: string, flags: InitFlags): Promise<void> {
  const problem = await nameProblem(name, flags);
  if (problem !== undefined) throw new CliError('usage', problem);
}

async function nameProblem(name: string, flags: InitFlags): Promise<string | undefined> {
  const [{ NAME }, { fleetNames }] = await Promise.all([
    import('../../fleet/file/fleet.js'),
    import('../../fleet/file/fleet-paths.js'),
  ]);
  if (!NAME.test(name)) {
    return `A fleet cannot be called ${name || 'nothing'}: use lowercase letters, digits and dashes, at most 63.`;
  }
  if (flags.file !== undefined || !(await fleetNames()).includes(name)) return undefined;
  return `A fleet named ${name} is known here already: choose another name, or change it with "hawser fleet edit ${name}".`;
}

async function fileOf(name: string, flags: InitFlags): Promise<string> {
  if (flags.file !== undefined) return path.resolve(flags.file);
  const { fleetFile } = await import('../../fleet/file/fleet-paths.js');
  return fleetFile(name);
}

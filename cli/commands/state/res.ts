import { Command, Option } from 'commander';
import type { ResExport, ResFilter, ResOutput } from '../../../world/resources/exported-resources-api.js';
import { checkResourceKind } from '../../../world/validate-names.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { ttlSeconds } from '../../input/parse-flag-values.js';
import { readValueOrStdin } from '../../input/read-value-or-stdin.js';
import type { Lines } from '../../output/escaped-lines.js';
import { counted } from '../../output/format-quantities.js';
import { formatTable, printResult } from '../../output/print.js';
import { showOrWatch } from '../../output/show-or-watch.js';

interface TargetFlags extends ConnectionFlags {
  readonly host?: string;
  readonly file?: string;
}

interface ExportFlags extends TargetFlags {
  readonly ttl?: number;
}

interface CollectFlags extends ConnectionFlags {
  readonly kind?: string;
  readonly name?: string;
  readonly host?: string;
  readonly watch: boolean;
}

/** `hawser res`: resources that hosts export to each other. */
export function resCommand(context: CommandContext): Command {
  const res = new Command('res').description('export resources to other hosts, and collect theirs');
  for (const command of [resExport, resCollect, resDelete]) res.addCommand(command(context));
  return res.addHelpText('after', '\nExample:\n  $ hawser res collect --kind file --ssh-url root@web1');
}

function resExport(context: CommandContext): Command {
  return withConnection(new Command('export'), 'hawser res export file motd "hello" --ssh-url root@web1')
    .description('export resources from this host (see --hostname); its other exports stay')
    .argument('[kind]', 'kind of the resource, such as file')
    .argument('[name]', 'name of the resource; may contain slashes')
    .argument('[data]', 'the content; - reads it from standard input')
    .option('--host <name>', 'host to export to (default: every host)')
    .addOption(
      new Option(
        '--ttl <duration>',
        'delete the export after this time unless it is exported again',
      ).argParser(ttlSeconds),
    )
    .option(
      '--file <file>',
      'file with a JSON list of {"kind", "name", "host", "data"}; - reads standard input',
    )
    .action(async (kind, name, data, flags: ExportFlags) => {
      const exports = await exportsFrom(kind, name, data, flags);
      const ttl = flags.ttl === undefined ? {} : { ttlSeconds: flags.ttl };
      const { changed } = await withWorld(context, flags, (world, call) =>
        world.resExport(exports, { ...call, ...ttl }),
      );
      printChange(flags, 'Exported', exports.length, changed);
    });
}

function resDelete(context: CommandContext): Command {
  return withConnection(new Command('delete'), 'hawser res delete file motd --ssh-url root@web1')
    .description('delete resources that this host exported (see --hostname)')
    .argument('[kind]', 'kind of the resource, such as file')
    .argument('[name]', 'name of the resource')
    .option('--host <name>', 'host that it was exported to (default: every host)')
    .option('--file <file>', 'file with a JSON list of {"kind", "name", "host"}; - reads standard input')
    .action(async (kind: string | undefined, name: string | undefined, flags: TargetFlags) => {
      const deletes = await targetsFrom(kind, name, flags);
      const { changed } = await withWorld(context, flags, (world, call) => world.resDelete(deletes, call));
      printChange(flags, 'Deleted', deletes.length, changed);
    });
}

function resCollect(context: CommandContext): Command {
  return withConnection(new Command('collect'), 'hawser res collect --kind file --json --ssh-url root@web1')
    .description('list the resources exported to this host (see --hostname)')
    .option('--kind <kind>', 'only resources of this kind')
    .option('--name <name>', 'only resources with this name')
    .option('--host <name>', 'only resources from this host')
    .option('--watch', 'print the list again whenever it changes', false)
    .action(async (flags: CollectFlags) => {
      if (flags.kind !== undefined) checkResourceKind(flags.kind);
      const filter: ResFilter = {
        ...(flags.kind === undefined ? {} : { kind: flags.kind }),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(flags.host === undefined ? {} : { host: flags.host }),
      };
      await withWorld(context, flags, async (world, call) => {
        await showOrWatch(flags, call, {
          read: (options) => world.resCollect([filter], options),
          changes: (options) => world.resWatch(flags.kind, options),
          show: (found) => ({ value: found, text: format(found) }),
        });
      });
    });
}

async function exportsFrom(
  kind: string | undefined,
  name: string | undefined,
  data: string | undefined,
  flags: TargetFlags,
): Promise<ResExport[]> {
  const targets = await targetsFrom(kind, name, flags);
  if (flags.file === undefined) {
    if (data === undefined)
      throw new CliError('usage', 'Pass data too, or - to read it from standard input.');
    const text = await readValueOrStdin(data);
    return targets.map((target) => ({ ...target, data: text }));
  }
  return targets.map((target, index) => {
    if (target.data === undefined)
      throw new CliError('usage', `${flags.file}, entry ${index + 1}, has no "data" to export.`);
    return { ...target, data: target.data };
  });
}

/** Which resources the arguments or the file name. */
async function targetsFrom(
  kind: string | undefined,
  name: string | undefined,
  { host, file }: TargetFlags,
): Promise<(Omit<ResExport, 'data'> & { readonly data?: string })[]> {
  if (file !== undefined) {
    if (kind !== undefined || host !== undefined) {
      throw new CliError(
        'usage',
        'Pass either KIND and NAME or --file, not both: the file also names the hosts.',
      );
    }
    const { readResourceList } = await import('../../input/read-resource-list.js');
    return readResourceList(file);
  }
  if (kind === undefined || name === undefined) {
    throw new CliError('usage', 'Pass KIND and NAME, or --file with a list of resources.');
  }
  return [{ kind, name, ...(host === undefined ? {} : { host }) }];
}

function printChange(flags: ConnectionFlags, done: string, count: number, changed: boolean): void {
  printResult(
    flags,
    { resources: count, changed },
    changed ? `${done} ${counted(count, 'resource')}.` : 'No changes.',
  );
}

function format(found: readonly ResOutput[]): Lines {
  const rows = found.map(({ kind, name, host, data }) => [kind, name, host, data]);
  return formatTable(['KIND', 'NAME', 'FROM', 'DATA'], rows);
}

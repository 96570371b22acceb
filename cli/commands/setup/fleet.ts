import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { lines, type OutputOptions, printNote, printResult } from '../../output/print.js';

/** `hawser fleet`: the fleets that a person knows. */
export function fleetCommand(context: CommandContext): Command {
  return new Command('fleet')
    .description('list, choose, add and edit the fleets that you know')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(useCommand())
    .addCommand(addCommand(context))
    .addCommand(editCommand(context))
    .addHelpText('after', '\nExample:\n  $ hawser fleet list');
}

function listCommand(): Command {
  return withOutput(new Command('list'), 'hawser fleet list')
    .description('list the fleets that you know')
    .action(async (flags: OutputOptions) => {
      const { formatFleets, listFleets } = await import('../../fleet/file/format-fleets.js');
      const fleets = await listFleets();
      printResult(flags, fleets, formatFleets(fleets));
    });
}

function showCommand(): Command {
  return withOutput(new Command('show'), 'hawser fleet show prod')
    .description('show the hosts of a fleet and how it is reached')
    .argument('[fleet]', 'its name or its file (default: the one that commands use)')
    .action(async (wanted: string | undefined, flags: OutputOptions) => {
      const [{ formatFleet }, { hasAuthorityKey }, fleet] = await Promise.all([
        import('../../fleet/file/format-fleets.js'),
        import('../../fleet/file/fleet-paths.js'),
        fleetOf(wanted),
      ]);
      const hasKey = await hasAuthorityKey(fleet.name);
      printResult(flags, { ...fleet, hasAuthorityKey: hasKey }, formatFleet(fleet, hasKey));
    });
}

function useCommand(): Command {
  return withOutput(new Command('use'), 'hawser fleet use prod')
    .description('choose the fleet that commands use when nothing else says which')
    .argument('<name>', 'the name of a fleet that you know')
    .action(async (name: string, flags: OutputOptions) => {
      const [{ chooseFleet }, { requireKnownFleet }] = await Promise.all([
        import('../../fleet/file/chosen-fleet.js'),
        import('../../fleet/file/find-fleet-file.js'),
      ]);
      const { file } = await requireKnownFleet(name);
      await chooseFleet(name);
      printResult(flags, { name, file }, `Commands use the fleet ${name} from now on.`);
      const variable = process.env['HAWSER_FLEET'];
      if (variable)
        printNote(flags, `In this shell they still use ${variable}, because HAWSER_FLEET is set.`);
    });
}

function addCommand(context: CommandContext): Command {
  return withOutput(new Command('add'), 'hawser fleet add ./prod.yaml')
    .description(
      'add a fleet whose file another machine made, and the key of its authority if it lies beside the file',
    )
    .argument('<file>', 'its fleet file')
    .action(async (source: string, flags: OutputOptions) => {
      const { addFleet } = await import('../../fleet/file/add-fleet-from-file.js');
      const { fleet, keyFile, hasKey } = await addFleet(source, { signal: context.interrupts.signal });
      const { name, file, authority } = fleet;
      const withoutKey = [
        `Without the key of its authority this machine can do everything but add hosts and renew certificates.`,
        `For these too, copy the file ${name}.key that lies beside the original to ${keyFile} (chmod 600).`,
      ];
      const more = hasKey
        ? [`The key of its authority is in ${keyFile}.`]
        : authority === undefined
          ? []
          : withoutKey;
      const value = { name, file, keyFile, hasAuthorityKey: hasKey };
      printResult(flags, value, lines([`Added the fleet ${name} as ${file}.`, ...more]));
    });
}

function editCommand(context: CommandContext): Command {
  return withOutput(new Command('edit'), 'hawser fleet edit prod')
    .description(
      'edit a copy of a fleet file with $VISUAL or $EDITOR, and put it in place once it has no mistakes',
    )
    .argument('[fleet]', 'its name or its file (default: the one that commands use)')
    .action(async (wanted: string | undefined, flags: OutputOptions) => {
      const [{ editFleet }, { findOneFleetFile }] = await Promise.all([
        import('../../fleet/file/edit-in-editor.js'),
        import('../../fleet/file/find-fleet-file.js'),
      ]);
      const { file } = await findOneFleetFile({ fleet: wanted });
      const changed = await editFleet(file, context.interrupts.signal);
      printResult(flags, { file, changed }, changed ? `Changed ${file}.` : `${file} is unchanged.`);
    });
}

async function fleetOf(wanted: string | undefined) {
  const [{ findOneFleetFile }, { readFleetFile }] = await Promise.all([
    import('../../fleet/file/find-fleet-file.js'),
    import('../../fleet/file/read-fleet.js'),
  ]);
  return (await readFleetFile(await findOneFleetFile({ fleet: wanted }))).fleet;
}

import { Command } from 'commander';

/**
 * Gives every command that has subcommands a `help [command…]`; call it once all of them are there and configured.
 * commander's own shows the whole help for a name that it does not know, without saying what is wrong, and ignores what
 * follows the first name.
 */
export function addHelpCommands(parent: Command): void {
  if (parent.commands.length === 0) return;
  for (const child of parent.commands) addHelpCommands(child);
  parent.helpCommand(false).addCommand(helpCommand(parent));
}

function helpCommand(parent: Command): Command {
  return new Command('help')
    .copyInheritedSettings(parent)
    .description('show the help of a command')
    .argument('[command...]', 'the command')
    .helpGroup(parent.parent === null ? 'Get help:' : '')
    .action(async (names: readonly string[]) => {
      let found = parent;
      for (const name of names) {
        const next = found.commands.find((command) => command.name() === name);
        if (next === undefined) return unknownCommand(found, name);
        found = next;
      }
      found.help();
    });
}

/** Ends with an error that lists the commands there are. */
export function unknownCommand(parent: Command, name: string): never {
  const names = parent.commands.map((command) => command.name()).filter((known) => known !== 'help');
  const known = names.length === 0 ? 'it has no commands' : `expected ${names.join(', ')}`;
  return parent.error(`error: unknown command '${name}' of ${parent.name()}: ${known}`, {
    code: 'commander.unknownCommand',
    exitCode: 2,
  });
}

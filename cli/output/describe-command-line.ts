import type { Command } from 'commander';

/** What operands and options may be called for their values to be noted down: names and places, never content. */
const PLAIN =
  /^(hosts?|selection|apps?|dir|folder|file|path|name|fleet|destinations?|url|duration|prefix|namespace|id|uuid|count|number|revision|shell|process|kind|label|host:port|key|map)$/i;

/** A command line for a log: what was run on what, without values that may be secret, such as a string's. */
export function describeCommandLine(command: Command): string {
  return [pathOf(command), ...options(command), ...operands(command)].join(' ');
}

/** The words that call it, from the program's name on. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function options(command: Command): string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') return [];
    const shown = option.long ?? option.flags;
    if (!option.required && !option.optional) return [shown];
    const [, placeholder = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
    const value: unknown = command.getOptionValue(name);
    const isPlain = PLAIN.test(placeholder) || option.argChoices !== undefined;
    return [value].flat().flatMap((one) => [shown, isPlain ? plainText(one) : '…']);
  });
}

function plainText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function operands(command: Command): string[] {
  return command.args.map((value, index) => {
    const all = command.registeredArguments;
    const argument = all[index] ?? all.at(-1);
    return argument !== undefined && PLAIN.test(argument.name()) ? value : '…';
  });
}

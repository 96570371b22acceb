import { shellCommand } from '../../tunnel/exec/shell-command.js';

/** What a person wants to run: a program with its arguments, or a line of shell. */
export type WantedCommand = { readonly argv: readonly [string, ...string[]] } | { readonly line: string };

/**
 * The line for a host's shell. Arguments arrive there as they are given; a line of shell is one for `sh`, whatever the login shell.
 * @param prefix what runs it, such as sudo
 */
export function remoteLine(command: WantedCommand, prefix: readonly string[] = []): string {
  const argv = 'argv' in command ? command.argv : (['sh', '-c', command.line] as const);
  const [first = 'sh', ...rest] = [...prefix, ...argv];
  const line = shellCommand([first, ...rest]);
  // The login shell would take it for an option of its own.
  return line.startsWith('-') ? ` ${line}` : line;
}

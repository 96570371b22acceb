import { shellCommand } from '../../tunnel/exec/shell-command.js';
import type { RootAccess } from '../setup/host/host-shell.js';

/** What a person wants to run: a program with its arguments, or a line of shell. */
export type WantedCommand = { readonly argv: readonly [string, ...string[]] } | { readonly line: string };

/**
 * The line for a host's shell. Arguments arrive there as they are given; a line of shell is one for `sh`, whatever the login shell.
 * @param access what runs it, such as sudo. One that reads a password always runs `sh`: for some programs it may want none, and
 * those would read the password instead
 */
export function remoteLine(
  command: WantedCommand,
  { prefix, password }: RootAccess = { prefix: [] },
): string {
  const argv = 'argv' in command ? command.argv : ['sh', '-c', command.line];
  const shell = password !== undefined && 'argv' in command ? ['sh', '-c', 'exec "$@"', 'sh'] : [];
  const [first = 'sh', ...rest] = [...prefix, ...shell, ...argv];
  const line = shellCommand([first, ...rest]);
  // The login shell would take it for an option of its own.
  return line.startsWith('-') ? ` ${line}` : line;
}

/**
 * A command line for the shell of a host: the program and its arguments, each taken as it is.
 * @throws TypeError for a NUL, which no argument can have
 */
export function shellCommand([program, ...args]: readonly [
  program: string,
  ...args: readonly string[],
]): string {
  return [program, ...args].map(shellWord).join(' ');
}

/** A text as one word of a shell's command line. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new TypeError('A command argument cannot contain a NUL.');
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A command line for a host's shell: the program and its arguments, each taken literally.
 * @throws TypeError for a NUL, which no argument can contain
 */
export function shellCommand([program, ...args]: readonly [
  program: string,
  ...args: readonly string[],
]): string {
  return [program, ...args].map(shellWord).join(' ');
}

/** A text quoted as one word of a shell command line. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new TypeError('A command argument cannot contain a NUL.');
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

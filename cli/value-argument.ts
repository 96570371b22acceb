import { buffer } from 'node:stream/consumers';

/** A value from the command line; `-` stands for standard input, read to its end. */
export async function valueArgument(value: string): Promise<string> {
  return value === '-' ? (await buffer(process.stdin)).toString('utf8') : value;
}

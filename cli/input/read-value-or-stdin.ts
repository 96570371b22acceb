import { buffer } from 'node:stream/consumers';
import { CliError } from '../errors.js';

/**
 * A value from the command line; `-` reads standard input to its end, keeping every byte.
 * @throws CliError `usage` for input that is not UTF-8, because a string cannot hold it.
 */
export async function readValueOrStdin(value: string): Promise<string> {
  return value === '-' ? decodeText(await buffer(process.stdin)) : value;
}

/** @throws CliError `usage` */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const message = 'Standard input is not valid UTF-8: encode it first, for example with base64.';
    throw new CliError('usage', message, { cause: error });
  }
}

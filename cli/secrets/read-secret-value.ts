import { readRegularFile } from '../../base/read-regular-file.js';
import { MOST_SECRET_BYTES } from '../../world/secrets/secret-value.js';
import { CliError } from '../errors.js';
import { askHiddenText } from '../prompts/ask-hidden-text.js';
import { canAsk } from '../prompts/confirm.js';
import { explainFileError } from '../system/explain-file-error.js';
import { expandHome } from '../system/user-folders.js';

/** Whether the value comes from a person, who is asked at last; else it is read before anything else. */
export function isAsked(file: string | undefined): boolean {
  return file === undefined && canAsk();
}

/** Asks for the value of a secret. @throws InterruptedError */
export async function askSecretValue(name: string, signal: AbortSignal): Promise<Buffer> {
  const answer = await askHiddenText(
    `Value of ${name}:`,
    (text) => problemOf(Buffer.from(text), 'It'),
    signal,
  );
  return Buffer.from(answer);
}

/**
 * Reads the value of a secret: all bytes of a file, or standard input but for a line break at its end, which `echo` adds.
 *
 * @param file `-` or none for standard input
 * @throws CliError `usage` for one that cannot be read, is empty or too long; with nothing of it
 */
export async function readSecretValue(file: string | undefined, signal: AbortSignal): Promise<Buffer> {
  const isFile = file !== undefined && file !== '-';
  const what = isFile ? file : 'Standard input';
  const value = isFile ? readFile(file) : withoutLineBreak(await readInput(signal));
  const problem = problemOf(value, what);
  if (problem !== undefined) throw new CliError('usage', problem);
  return value;
}

function problemOf({ length }: Uint8Array, what: string): string | undefined {
  if (length === 0) return `${what} is empty: a secret has at least one byte.`;
  if (length <= MOST_SECRET_BYTES) return undefined;
  return `${what} has more than ${MOST_SECRET_BYTES} bytes, the most that a secret may have.`;
}

function readFile(file: string): Buffer {
  try {
    return readRegularFile(expandHome(file));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

/** Not more than would be too long, because input may have no end. */
async function readInput(signal: AbortSignal): Promise<Buffer> {
  if (process.stdin.isTTY)
    throw new CliError(
      'usage',
      'The value cannot be asked for, because no terminal would show the question: pass it on standard input, or with --file.',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    signal.throwIfAborted();
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MOST_SECRET_BYTES + 2) break;
  }
  return Buffer.concat(chunks);
}

function withoutLineBreak(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

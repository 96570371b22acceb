import { stat } from 'node:fs/promises';
import { type ReadFileOptions, readFile, UnreadableFile } from './read-file.js';

const readBefore = new Map<string, Buffer>();
const reading = new Map<string, Promise<unknown>>();

/**
 * Reads a file, or a pipe, which gives what is in it only once: where there is nothing more, what it gave before counts.
 * One reader follows the other, so that none gets half of it.
 *
 * @throws as {@link readFile}
 */
export async function readFileOrPipe(
  file: string,
  options: Omit<ReadFileOptions, 'mayBePipe'>,
): Promise<Buffer> {
  if (!(await stat(file)).isFIFO()) return (await readFile(file, { ...options, mayBePipe: true })).content;
  const turn = (reading.get(file) ?? Promise.resolve()).then(() => readPipe(file, options));
  reading.set(
    file,
    turn.catch(() => undefined),
  );
  return turn;
}

async function readPipe(file: string, options: ReadFileOptions): Promise<Buffer> {
  const before = readBefore.get(file);
  try {
    const { content } = await readFile(file, { ...options, mayBePipe: true });
    if (content.length === 0 && before !== undefined) return before;
    readBefore.set(file, content);
    return content;
  } catch (error) {
    if (before !== undefined && error instanceof UnreadableFile) return before;
    throw error;
  }
}

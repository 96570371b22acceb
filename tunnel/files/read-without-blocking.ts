import { close, constants, createReadStream, fstat, open, readSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { errorCode } from './system-error-code.js';

const [openFile, statFile, closeFile] = [promisify(open), promisify(fstat), promisify(close)];

/** How long a pipe may have no writer. */
const NOBODY_WRITES_MS = 1000;
const PROBE_BYTES = 65_536;

/** The content of pipes, by name. */
const readBefore = new Map<string, Buffer>();
/** The last reader of each pipe. */
const reading = new Map<string, Promise<unknown>>();

/** Says what is wrong with a file: "it is a pipe". */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

export interface ReadFileOptions {
  readonly maxBytes: number;
  /** Whether it may be a pipe, such as a shell's `<(command)`. Default false. */
  readonly mayBePipe?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadFile {
  readonly content: Buffer;
  readonly stats: Stats;
}

/**
 * Reads a file without blocking in open(2) or read(2): a thread that waits there for a pipe's writer cannot be interrupted
 * and keeps the process from exiting. A pipe is read for as long as it has a writer. An abort rejects with
 * `signal.reason`.
 *
 * @throws UnreadableFile for a file that is too large, a pipe that is not allowed, or one that nobody writes to; file
 * system errors
 */
export async function readWithoutBlocking(file: string, options: ReadFileOptions): Promise<ReadFile> {
  const { signal, mayBePipe = false } = options;
  signal?.throwIfAborted();
  const fd = await openFile(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  let stats: Stats;
  let stream: Readable;
  try {
    stats = await statFile(fd);
    if (stats.isFIFO() && !mayBePipe) throw new UnreadableFile('it is a pipe, not a regular file');
    stream = streamOf(fd, stats);
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
  try {
    return { content: await readAll(stream, { fd, stats }, options), stats };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

/** The stream closes the file. */
function streamOf(fd: number, stats: Stats): Readable {
  if (stats.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  return createReadStream('', { fd });
}

async function readAll(
  stream: Readable,
  { fd, stats }: { readonly fd: number; readonly stats: Stats },
  { signal, maxBytes }: ReadFileOptions,
): Promise<Buffer> {
  if (signal) addAbortSignal(signal, stream);
  const parts: Buffer[] = [];
  const watch = stats.isFIFO() && setTimeout(() => lookForWriter(stream, fd, parts), NOBODY_WRITES_MS);
  try {
    let sizeBytes = 0;
    for await (const part of stream) {
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) {
        throw new UnreadableFile(`it is too large (more than ${maxBytes / 1024 / 1024} MiB)`);
      }
      parts.push(part);
    }
  } finally {
    if (watch) clearTimeout(watch);
  }
  return Buffer.concat(parts);
}

/** Reading a pipe without a writer ends immediately; with one it would block. */
function lookForWriter(stream: Readable, fd: number, parts: Buffer[]): void {
  if (stream.destroyed || stream.readableEnded || (stream instanceof Socket && stream.bytesRead > 0)) return;
  const probe = Buffer.alloc(PROBE_BYTES);
  try {
    const bytesRead = readSync(fd, probe, 0, probe.length, null);
    if (bytesRead === 0) stream.destroy(new UnreadableFile('it is a pipe that nobody writes to'));
    else parts.push(probe.subarray(0, bytesRead));
  } catch (error) {
    if (errorCode(error) !== 'EAGAIN') stream.destroy(error as Error);
  }
}

/**
 * Reads a file or a pipe. A pipe yields its content only once, so that is remembered for later reads; readers take turns, so
 * that none gets half of it.
 *
 * @throws as {@link readWithoutBlocking}
 */
export async function readFileOrPipe(
  file: string,
  options: Omit<ReadFileOptions, 'mayBePipe'>,
): Promise<Buffer> {
  if (!(await stat(file)).isFIFO())
    return (await readWithoutBlocking(file, { ...options, mayBePipe: true })).content;
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
    const { content } = await readWithoutBlocking(file, { ...options, mayBePipe: true });
    if (content.length === 0 && before !== undefined) return before;
    readBefore.set(file, content);
    return content;
  } catch (error) {
    if (before !== undefined && error instanceof UnreadableFile) return before;
    throw error;
  }
}

/** The text of a file; undefined if it cannot be read. An abort rejects with `signal.reason`. */
export async function readTextIfPossible(
  file: string,
  options: ReadFileOptions,
): Promise<string | undefined> {
  try {
    return (await readWithoutBlocking(file, options)).content.toString('utf8');
  } catch {
    options.signal?.throwIfAborted();
    return undefined;
  }
}

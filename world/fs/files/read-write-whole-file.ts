import type { CallOptions } from '../../call-options.js';
import type { FileData, FsHandle, WorldFs, WriteFileOptions } from '../world-fs.js';
import { partsOf } from './file-handle.js';

const STREAM_CHUNK_BYTES = 1 << 20;

/** What whole files are read and written with. */
type Opener = Pick<WorldFs, 'open'>;

export async function readFile(
  fs: Opener,
  path: string,
  options: (CallOptions & { readonly encoding?: BufferEncoding | undefined }) | BufferEncoding = {},
): Promise<string | Buffer> {
  const { encoding, ...call } = typeof options === 'string' ? { encoding: options } : options;
  await using handle = await fs.open(path, 'r', undefined, call);
  const data = await handle.readFile();
  return encoding === undefined ? data : data.toString(encoding);
}

export async function* readStream(
  fs: Opener,
  path: string,
  options: CallOptions = {},
): AsyncGenerator<Buffer> {
  await using handle: FsHandle = await fs.open(path, 'r', undefined, options);
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(STREAM_CHUNK_BYTES));
    if (bytesRead === 0) return;
    yield Buffer.from(buffer.buffer, buffer.byteOffset, bytesRead);
  }
}

export async function writeFile(
  fs: Opener,
  path: string,
  data: FileData,
  options: WriteFileOptions | BufferEncoding = {},
): Promise<void> {
  const given = typeof options === 'string' ? { encoding: options } : options;
  const { encoding = 'utf8', mode, flag = 'w', ...call } = given;
  await using handle = await fs.open(path, flag, mode, call);
  const encode = (part: string | Uint8Array) =>
    typeof part === 'string' ? Buffer.from(part, encoding) : part;
  for await (const part of partsOf(data)) await handle.writeFile(encode(part));
  await handle.close();
}

export async function truncate(
  fs: Opener,
  path: string,
  length: number,
  options: CallOptions,
): Promise<void> {
  await using handle = await fs.open(path, 'r+', undefined, options);
  await handle.truncate(length);
  await handle.close();
}

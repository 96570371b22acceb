import type { CallOptions } from '../../call-options.js';
import { FsStats } from '../file-stats.js';
import { FsError } from '../fs-error.js';
import type { Node } from '../tree/tree-node.js';
import type { FileData, FsHandle } from '../world-fs.js';
import type { OpenFile } from './open-file.js';
import type { OpenFlags } from './open-flags.js';

/** Beyond what etcd could ever hold. */
const MOST_BYTES = 16 * 2 ** 30;

/** One opening of a file, with a position of its own. */
export class FileHandle implements FsHandle {
  readonly #file: OpenFile;
  readonly #flags: OpenFlags;
  readonly #call: CallOptions;
  readonly #onClosed: () => void;
  #position = 0;
  #isClosed = false;

  constructor(file: OpenFile, flags: OpenFlags, call: CallOptions, onClosed: () => void) {
    this.#file = file;
    this.#flags = flags;
    this.#call = call;
    this.#onClosed = onClosed;
    file.handles += 1;
  }

  read(
    buffer: Uint8Array,
    offset = 0,
    length = buffer.length - offset,
    position: number | null = null,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    return this.#serialize('read', this.#flags.read, async () => {
      const start = position ?? this.#position;
      let bytesRead = 0;
      for await (const bytes of this.#file.content.read(start, start + length, this.#call)) {
        buffer.set(bytes, offset + bytesRead);
        bytesRead += bytes.length;
      }
      if (position === null) this.#position += bytesRead;
      return { bytesRead, buffer };
    });
  }

  write(
    data: Uint8Array | string,
    offset = 0,
    length?: number,
    position: number | null = null,
  ): Promise<{ bytesWritten: number }> {
    const all =
      typeof data === 'string'
        ? Buffer.from(data)
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const bytes = all.subarray(offset, length === undefined ? undefined : offset + length);
    return this.#serialize('write', this.#flags.write, async () => {
      await this.#write(bytes, position, this.#call);
      return { bytesWritten: bytes.length };
    });
  }

  readFile(call: CallOptions = {}): Promise<Buffer> {
    return this.#serialize('read', this.#flags.read, async () => {
      const parts: Buffer[] = [];
      for await (const bytes of this.#file.content.read(this.#position, Infinity, { ...this.#call, ...call }))
        parts.push(bytes);
      const whole = Buffer.concat(parts);
      this.#position += whole.length;
      return whole;
    });
  }

  writeFile(data: FileData, call: CallOptions = {}): Promise<void> {
    return this.#serialize('write', this.#flags.write, async () => {
      const options = { ...this.#call, ...call };
      for await (const part of partsOf(data)) {
        options.signal?.throwIfAborted();
        await this.#write(Buffer.from(part), null, options);
      }
    });
  }

  appendFile(data: FileData, call?: CallOptions): Promise<void> {
    return this.writeFile(data, call);
  }

  async #write(bytes: Buffer, position: number | null, call: CallOptions): Promise<void> {
    // As on Linux, a file opened for appending is appended to whatever position a write gives.
    const start = this.#flags.append ? this.#file.content.sizeBytes : (position ?? this.#position);
    if (start + bytes.length > MOST_BYTES) throw new FsError('EFBIG', { syscall: 'write' });
    if (bytes.length > 0) this.#file.change(() => this.#file.content.write(start, bytes));
    if (position === null) this.#position = start + bytes.length;
    await this.#file.storeIfLarge(call);
  }

  stat(): Promise<FsStats> {
    return this.#serialize('fstat', true, async () => new FsStats(this.#file.node));
  }

  truncate(length = 0): Promise<void> {
    return this.#serialize('ftruncate', true, async () => {
      if (!this.#flags.write) throw new FsError('EINVAL', { syscall: 'ftruncate' });
      if (length > MOST_BYTES) throw new FsError('EFBIG', { syscall: 'ftruncate' });
      this.#file.change(() => this.#file.content.truncate(Math.max(0, length)));
    });
  }

  sync(call: CallOptions = {}): Promise<void> {
    return this.#serialize('fsync', true, () => this.#file.store({ ...this.#call, ...call }));
  }

  async close(call: CallOptions = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#file.serialize(() => this.#file.store({ ...this.#call, ...call }));
    } finally {
      this.#file.handles -= 1;
      this.#onClosed();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #serialize<T>(syscall: string, isAllowed: boolean, work: () => Promise<T>): Promise<T> {
    return this.#file.serialize(async () => {
      if (this.#isClosed || !isAllowed) throw new FsError('EBADF', { syscall });
      return work();
    });
  }
}

/** A directory that was opened: there is nothing to read of it but what it is. */
export class FolderHandle implements FsHandle {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  read(): Promise<never> {
    return Promise.reject(new FsError('EISDIR', { syscall: 'read' }));
  }

  readFile(): Promise<never> {
    return this.read();
  }

  write(): Promise<never> {
    return Promise.reject(new FsError('EBADF', { syscall: 'write' }));
  }

  writeFile(): Promise<never> {
    return this.write();
  }

  appendFile(): Promise<never> {
    return this.write();
  }

  truncate(): Promise<never> {
    return Promise.reject(new FsError('EINVAL', { syscall: 'ftruncate' }));
  }

  async stat(): Promise<FsStats> {
    return new FsStats(this.#node);
  }

  async sync(): Promise<void> {
    // Nothing of it waits to be stored.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export function partsOf(data: FileData): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> {
  return typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
}

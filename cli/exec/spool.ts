import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** More than this goes to a file. */
const IN_MEMORY_BYTES = 64 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Bytes that are kept to be read later, by any number of readers, also while more come: the first in memory, all once there are
 * many in a file that nobody else can open, and that is gone with this process.
 */
export class Spool implements AsyncDisposable {
  #memory: Buffer[] = [];
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #isEnded = false;
  #failure: Error | undefined;
  /** Wakes readers that have read all there is. */
  readonly #waiting = new Set<() => void>();

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds bytes; one call at a time. @throws the system's error, such as ENOSPC for a full disk */
  async append(bytes: Buffer): Promise<void> {
    if (this.#file === undefined && this.#sizeBytes + bytes.length > IN_MEMORY_BYTES) await this.#spill();
    if (this.#file === undefined) this.#memory.push(bytes);
    else await writeAll(this.#file, bytes, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
    this.#wake();
  }

  /** No more will come; with an error, readers get that after what is there. */
  end(failure?: Error): void {
    this.#isEnded = true;
    this.#failure = failure;
    this.#wake();
  }

  /** All bytes from the first, waiting for more until {@link end}. */
  async *read(): AsyncGenerator<Buffer> {
    for (let at = 0; ; ) {
      if (at < this.#sizeBytes) {
        const chunk = await this.#chunkAt(at);
        at += chunk.length;
        yield chunk;
      } else if (this.#isEnded) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#memory = [];
    await this.#file?.close();
    this.#file = undefined;
    this.#sizeBytes = 0;
  }

  async #chunkAt(at: number): Promise<Buffer> {
    if (this.#file === undefined) return Buffer.concat(this.#memory).subarray(at);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.#sizeBytes - at));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
    return buffer.subarray(0, bytesRead);
  }

  async #spill(): Promise<void> {
    const name = path.join(tmpdir(), `hawser-${randomBytes(12).toString('hex')}`);
    const file = await open(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await unlink(name);
    const held = Buffer.concat(this.#memory);
    await writeAll(file, held, 0);
    this.#file = file;
    this.#memory = [];
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

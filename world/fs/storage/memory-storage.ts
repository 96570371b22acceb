import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { BlockRef } from '../tree/tree-node.js';
import type { Commit, Pin, Source, Storage, Stored, StoreOptions, Upload } from './storage.js';

/** Keeps everything in the memory of this process. */
export class MemoryStorage implements Storage {
  readonly key = 'memmapfs:///';
  readonly isReadOnly = false;
  readonly #blocks = new Map<string, Buffer>();
  #superblock: string | undefined;
  #version = 0n;

  async load(known: bigint | undefined, { signal }: CallOptions): Promise<Stored | undefined> {
    signal?.throwIfAborted();
    if (known === this.#version) return undefined;
    return { superblock: this.#superblock, version: this.#version };
  }

  async pin(): Promise<Pin> {
    return { release: async () => undefined };
  }

  async store(
    sources: readonly Source[],
    { signal }: CallOptions,
    { onMissing, onSent }: StoreOptions = {},
  ): Promise<Upload> {
    const missing = sources.filter(({ hash }) => !this.#blocks.has(hash));
    onMissing?.(missing.reduce((sum, { length }) => sum + length, 0));
    let [uploadedBlocks, uploadedBytes] = [0, 0];
    for (const { hash, length, read } of missing) {
      signal?.throwIfAborted();
      if (this.#blocks.has(hash)) continue;
      // A copy, because what was read may be part of something larger.
      this.#blocks.set(hash, Buffer.from(await read()));
      uploadedBlocks += 1;
      uploadedBytes += length;
      onSent?.(length);
    }
    return { uploadedBlocks, uploadedBytes };
  }

  async commit({ superblock, version, blocks }: Commit): Promise<bigint | undefined> {
    if (version !== this.#version) return undefined;
    for (const [hash, data] of blocks) this.#blocks.set(hash, Buffer.from(data));
    this.#superblock = superblock;
    this.#version += 1n;
    return this.#version;
  }

  async read(blocks: readonly BlockRef[], { signal }: CallOptions): Promise<Buffer[]> {
    signal?.throwIfAborted();
    return blocks.map(({ hash }) => {
      const data = this.#blocks.get(hash);
      if (data === undefined) throw new WorldError('not-found', `There is no block ${hash}.`);
      return data;
    });
  }
}

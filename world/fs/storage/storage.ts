import type { CallOptions } from '../../call-options.js';
import type { BlockRef } from '../tree/tree-node.js';

/** A block that may have to be sent, and where to read it (again). */
export interface Source {
  readonly hash: string;
  readonly length: number;
  read(): Promise<Buffer>;
}

/** Keeps blocks from being freed before a superblock names them. */
export interface Pin {
  release(): Promise<void>;
}

export interface StoreOptions {
  /** Told at first how many bytes have to be sent. */
  readonly onMissing?: ((bytes: number) => void) | undefined;
  /** Told how many bytes each request carried, before compression. */
  readonly onSent?: ((bytes: number) => void) | undefined;
  /** Named by a superblock that was read since the pin: these need not be asked for. */
  readonly known?: ReadonlySet<string> | undefined;
}

export interface Upload {
  readonly uploadedBlocks: number;
  /** Before compression. */
  readonly uploadedBytes: number;
}

export interface Stored {
  /** Undefined while there is none. */
  readonly superblock: string | undefined;
  /** Changes with each commit; 0 while there is no superblock. */
  readonly version: bigint;
}

export interface Commit {
  readonly superblock: string;
  /** The version that it was made from. */
  readonly version: bigint;
  /** What it names and has not been stored yet. */
  readonly blocks: ReadonlyMap<string, Buffer>;
}

/** Where the superblock of one file system and the blocks of all are kept. */
export interface Storage {
  /** How errors and warnings name it. */
  readonly key: string;
  readonly isReadOnly: boolean;
  /** The newest superblock; undefined when it is still `known`. */
  load(known: bigint | undefined, call: CallOptions): Promise<Stored | undefined>;
  /**
   * From now on blocks that are stored, or found stored, are kept until the pin is released. What is stored meanwhile waits for
   * the pin itself. With `uploads` blocks will most probably be sent, and what that takes is asked for at once.
   */
  pin(call: CallOptions, options?: { readonly uploads?: boolean }): Promise<Pin>;
  /** Stores missing blocks; the caller holds a pin. */
  store(sources: readonly Source[], call: CallOptions, options?: StoreOptions): Promise<Upload>;
  /**
   * Replaces the superblock, with its blocks.
   * @returns the new version; undefined when somebody else replaced it first.
   * @throws WorldError `conflict` when blocks that it relies on were freed meanwhile.
   */
  commit(commit: Commit, call: CallOptions): Promise<bigint | undefined>;
  /**
   * Reads blocks and verifies them.
   * @throws WorldError `not-found`, and `invalid` for one that is not what its hash and length say
   */
  read(blocks: readonly BlockRef[], call: CallOptions): Promise<Buffer[]>;
}

export function sourceOf(hash: string, data: Buffer): Source {
  return { hash, length: data.length, read: () => Promise.resolve(data) };
}

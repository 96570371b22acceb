import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { sha256 } from '../blocks/block-codec.js';
import { pathOnDisk } from '../tree/byte-names.js';
import type { BlockRef } from '../tree/tree-node.js';

/** Where a block may be. */
export interface BlockPlace {
  /** From the directory. */
  readonly path: string;
  readonly position: number;
}

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Blocks that lie in a directory of this machine, which others may write to: what is read counts only if it is what its hash
 * says. The last file stays open, because its blocks are asked for in order.
 */
export class LocalBlocks implements Disposable {
  readonly #folder: string;
  #open: { readonly path: string; readonly file: number | undefined } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The block, if it is at this place. */
  find({ hash, length }: BlockRef, { path, position }: BlockPlace): Buffer | undefined {
    const file = this.#fileAt(path);
    if (file === undefined) return undefined;
    const data = Buffer.allocUnsafe(length);
    try {
      if (readSync(file, data, 0, length, position) !== length) return undefined;
    } catch {
      return undefined; // it is fetched instead
    }
    return sha256(data) === hash ? data : undefined;
  }

  [Symbol.dispose](): void {
    if (this.#open?.file !== undefined) closeSync(this.#open.file);
    this.#open = undefined;
  }

  #fileAt(path: string): number | undefined {
    if (this.#open?.path === path) return this.#open.file;
    this[Symbol.dispose]();
    this.#open = { path, file: openFile(pathOnDisk(`${this.#folder}/${path}`)) };
    return this.#open.file;
  }
}

/** Nothing but a file is read, or waited for. */
function openFile(at: string | Buffer): number | undefined {
  try {
    const file = openSync(at, READ);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch {
    // It is not there, or not to be read.
  }
  return undefined;
}

import { type CanonicalPath, isWithin } from '../tree/tree-draft.js';
import type { FileNode } from '../tree/tree-node.js';
import type { Volume } from '../volume.js';
import { OpenFile } from './open-file.js';

/** The files that are open in this process, by where they are. */
export class OpenFileTable {
  readonly #volume: Volume;
  readonly #files = new Map<string, OpenFile>();

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  /** All handles of one file share it. */
  open(path: CanonicalPath, node: FileNode): OpenFile {
    const file = this.#files.get(keyOf(path)) ?? new OpenFile(this.#volume, path, node);
    this.#files.set(keyOf(path), file);
    return file;
  }

  /** A handle was closed. */
  release(file: OpenFile): void {
    if (file.handles === 0 && file.path !== undefined) this.#files.delete(keyOf(file.path));
  }

  /** A file of the tree with what was written to it here and is not stored yet. */
  asWritten(path: CanonicalPath, node: FileNode): FileNode {
    const open = this.#files.get(keyOf(path))?.node;
    return open === undefined ? node : { ...node, sizeBytes: open.sizeBytes, mtimeMs: open.mtimeMs };
  }

  /** What was at the new place is gone. */
  moved(from: CanonicalPath, to: CanonicalPath): void {
    this.removed(to);
    for (const [key, file] of [...this.#files]) {
      if (file.path === undefined || !isWithin(file.path, from)) continue;
      this.#files.delete(key);
      file.path = [...to, ...file.path.slice(from.length)];
      this.#files.set(keyOf(file.path), file);
    }
  }

  /** Handles of what was removed go on by themselves; what they write is lost with the file. */
  removed(path: CanonicalPath): void {
    for (const [key, file] of [...this.#files]) {
      if (file.path === undefined || !isWithin(file.path, path)) continue;
      this.#files.delete(key);
      file.path = undefined;
    }
  }
}

function keyOf(path: CanonicalPath): string {
  return path.join('/');
}

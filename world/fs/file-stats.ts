import { constants } from 'node:fs';
import type { Node } from './tree/tree-node.js';

const TYPES = { file: constants.S_IFREG, directory: constants.S_IFDIR, symlink: constants.S_IFLNK } as const;

/** What kind of thing is there, in the words of Node. */
class Kind {
  readonly #type: Node['type'];

  constructor(type: Node['type']) {
    this.#type = type;
  }

  isFile(): boolean {
    return this.#type === 'file';
  }

  isDirectory(): boolean {
    return this.#type === 'directory';
  }

  isSymbolicLink(): boolean {
    return this.#type === 'symlink';
  }
}

/** What Node's `Stats` says of a file, as far as it is kept: there is one time, and no owner. */
export class FsStats extends Kind {
  /** Type and permission bits. */
  readonly mode: number;
  /** In bytes; 0 for a directory. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly mtime: Date;

  constructor(node: Node) {
    super(node.type);
    this.mode = TYPES[node.type] | (node.type === 'symlink' ? 0o777 : node.mode);
    this.size = sizeOf(node);
    this.mtimeMs = node.mtimeMs ?? 0;
    this.mtime = new Date(this.mtimeMs);
  }
}

function sizeOf(node: Node): number {
  if (node.type === 'file') return node.sizeBytes;
  return node.type === 'symlink' ? Buffer.byteLength(node.target) : 0;
}

/** One entry of a directory, as Node's `Dirent`. */
export class FsDirent extends Kind {
  readonly name: string;
  /** The directory that it is in, as it was given. */
  readonly parentPath: string;
  /** What `lstat` says of it, without asking again. */
  readonly stats: FsStats;

  constructor(name: string, parentPath: string, node: Node) {
    super(node.type);
    this.stats = new FsStats(node);
    this.name = name;
    this.parentPath = parentPath;
  }
}

/** @param name its path from the directory that was listed */
export function direntOf(folder: string, name: string, node: Node): FsDirent {
  const slash = name.lastIndexOf('/');
  const parent = slash < 0 ? folder : `${folder.replace(/\/$/, '')}/${name.slice(0, slash)}`;
  return new FsDirent(name.slice(slash + 1), parent, node);
}

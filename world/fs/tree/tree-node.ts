/** A block of a file, and how many bytes it holds. */
export interface BlockRef {
  /** Lowercase hex SHA-256 of the bytes, before compression. */
  readonly hash: string;
  readonly length: number;
}

export interface FileNode {
  readonly type: 'file';
  /** Permission bits; they are kept, not enforced. */
  readonly mode: number;
  /** Last change, in milliseconds since the epoch. A deploy's tree has none, so that the same directory gets the same name. */
  readonly mtimeMs?: number | undefined;
  readonly sizeBytes: number;
  readonly blocks: readonly BlockRef[];
}

export interface SymlinkNode {
  readonly type: 'symlink';
  readonly target: string;
  readonly mtimeMs?: number | undefined;
}

interface Directory {
  readonly type: 'directory';
  readonly mode: number;
  readonly mtimeMs?: number | undefined;
}

/** A directory; what a large one holds is in blocks of its own, which are fetched when they are needed. */
export type DirectoryNode =
  | (Directory & { readonly entries: Entries })
  | (Directory & { readonly entriesIn: readonly BlockRef[] });

export type Node = FileNode | SymlinkNode | DirectoryNode;
export type Entries = ReadonlyMap<string, Node>;

export const EMPTY_ROOT: DirectoryNode = { type: 'directory', mode: 0o755, entries: new Map() };

export function emptyFile(mode: number, mtimeMs: number): FileNode {
  return { type: 'file', mode, mtimeMs, sizeBytes: 0, blocks: [] };
}

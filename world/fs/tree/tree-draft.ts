import { type OpenFlags, permissions } from '../files/open-flags.js';
import { FsRefusal } from '../fs-error.js';
import type { FetchedListings } from './fetched-listings.js';
import { type DirectoryNode, type Entries, emptyFile, type FileNode, type Node } from './tree-node.js';
import { partsOf, type ResolvedPath, walkPath, withoutSlash } from './walk-path.js';

/** The canonical path of something: the names from the root, without symbolic links. */
export type CanonicalPath = readonly string[];

/**
 * A file system's tree while it is changed. Each change refuses before it alters anything, and the tree that the
 * draft began with stays as it was, so that changes can be made again on a newer one.
 */
export class TreeDraft {
  root: DirectoryNode;
  readonly #listings: FetchedListings;
  /** Entries that only this draft uses may be changed in place. */
  readonly #own = new WeakSet<Entries>();

  constructor(root: DirectoryNode, listings: FetchedListings) {
    this.root = root;
    this.#listings = listings;
  }

  walk(path: string, follow: boolean): ResolvedPath {
    return walkPath(this.root, this.#listings, path, follow);
  }

  /** @throws FsRefusal `ENOENT` */
  find(path: string, follow: boolean): Node {
    const { node } = this.walk(path, follow);
    if (node === undefined) throw new FsRefusal('ENOENT');
    return node;
  }

  at(path: CanonicalPath): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of path) {
      node = node?.type === 'directory' ? this.#listings.entriesOf(node).get(name) : undefined;
    }
    return node;
  }

  entriesOf(directory: DirectoryNode): Entries {
    return this.#listings.entriesOf(directory);
  }

  /** As {@link FetchedListings.expect}. */
  expect(directories: readonly DirectoryNode[]): void {
    this.#listings.expect(directories);
  }

  /** @returns the path of the first directory that was made, for `recursive`. */
  makeDirectory(path: string, mode: number, recursive: boolean): string | undefined {
    if (recursive) return this.#makeDirectories(path, mode);
    const at = this.walk(withoutSlash(path), false);
    if (at.name === undefined || at.node !== undefined) throw new FsRefusal('EEXIST');
    this.put([...at.parents, at.name], newDirectory(mode));
    return undefined;
  }

  #makeDirectories(path: string, mode: number): string | undefined {
    const parts = partsOf(withoutSlash(path));
    let first: string | undefined;
    for (let count = 1; count <= parts.length; count += 1) {
      const isLast = count === parts.length;
      const upTo = isLast ? path : `${path.startsWith('/') ? '/' : ''}${parts.slice(0, count).join('/')}`;
      if (this.#makeUnlessThere(upTo, isLast, mode)) first ??= upTo;
    }
    return first;
  }

  #makeUnlessThere(path: string, isLast: boolean, mode: number): boolean {
    const { parents, name, node } = this.walk(withoutSlash(path), false);
    if (node === undefined && name !== undefined) {
      this.put([...parents, name], newDirectory(mode));
      return true;
    }
    if (node?.type === 'file' || (node?.type === 'symlink' && !this.#leadsToFolder(path, isLast))) {
      throw new FsRefusal(isLast && !path.endsWith('/') ? 'EEXIST' : 'ENOTDIR');
    }
    return false;
  }

  /** @throws FsRefusal `ENOENT` for a link at the end that leads nowhere */
  #leadsToFolder(path: string, isLast: boolean): boolean {
    const node = findForced(() => this.walk(withoutSlash(path), true), true)?.node;
    if (node === undefined && isLast) throw new FsRefusal('ENOENT');
    return node?.type === 'directory';
  }

  removeDirectory(path: string): void {
    const { parents, name, node } = this.walk(withoutSlash(path), false);
    if (node === undefined) throw new FsRefusal('ENOENT');
    if (node.type !== 'directory') throw new FsRefusal('ENOTDIR');
    if (name === undefined) throw new FsRefusal(parents.length === 0 ? 'EBUSY' : 'EINVAL');
    if (this.entriesOf(node).size > 0) throw new FsRefusal('ENOTEMPTY');
    this.drop([...parents, name]);
  }

  /** @returns where it was. */
  unlink(path: string): CanonicalPath {
    const { parents, name, node } = this.walk(withoutSlash(path), false);
    if (node === undefined) throw new FsRefusal('ENOENT');
    if (node.type === 'directory' || name === undefined) throw new FsRefusal('EISDIR');
    if (path.endsWith('/')) throw new FsRefusal('ENOTDIR');
    return this.drop([...parents, name]);
  }

  /** @returns where it was; undefined where nothing was, for `force`. */
  remove(
    path: string,
    { recursive, force }: { readonly recursive: boolean; readonly force: boolean },
  ): CanonicalPath | undefined {
    const at = findForced(() => this.walk(path, false), force);
    if (at?.node === undefined) {
      if (force) return undefined;
      throw new FsRefusal('ENOENT');
    }
    if (at.node.type === 'directory' && !recursive) throw new FsRefusal('ERR_FS_EISDIR');
    // A slash at the end asks for a directory; what is removed is the name before it.
    const { parents, name, node } = this.walk(withoutSlash(path), false);
    if (name === undefined) throw new FsRefusal(parents.length === 0 ? 'EBUSY' : 'EINVAL');
    if (node?.type === 'symlink' && path.endsWith('/')) throw new FsRefusal('ENOTDIR');
    return this.drop([...parents, name]);
  }

  /** @returns where it was and where it is; undefined when both are the same. */
  rename(from: string, to: string): { readonly from: CanonicalPath; readonly to: CanonicalPath } | undefined {
    const source = this.walk(withoutSlash(from), false);
    const target = this.walk(withoutSlash(to), false);
    if (source.name === undefined || target.name === undefined) throw new FsRefusal('EBUSY');
    if (source.node === undefined) throw new FsRefusal('ENOENT');
    const [old, next] = [
      [...source.parents, source.name],
      [...target.parents, target.name],
    ];
    if (isWithin(target.parents, old)) throw new FsRefusal('EINVAL');
    if (isWithin(source.parents, next)) throw new FsRefusal('ENOTEMPTY');
    const isFolder = source.node.type === 'directory';
    if (!isFolder && (from.endsWith('/') || to.endsWith('/'))) throw new FsRefusal('ENOTDIR');
    if (old.join('/') === next.join('/')) return undefined;
    if (target.node !== undefined) this.#checkReplaced(target.node, isFolder);
    this.drop(old);
    this.put(next, source.node);
    return { from: old, to: next };
  }

  #checkReplaced(node: Node, byFolder: boolean): void {
    if (byFolder && node.type !== 'directory') throw new FsRefusal('ENOTDIR');
    if (!byFolder && node.type === 'directory') throw new FsRefusal('EISDIR');
    if (node.type === 'directory' && this.entriesOf(node).size > 0) throw new FsRefusal('ENOTEMPTY');
  }

  symlink(target: string, path: string): void {
    if (target === '') throw new FsRefusal('ENOENT');
    const { parents, name, node } = this.walk(path, false);
    if (node !== undefined || name === undefined) throw new FsRefusal('EEXIST');
    this.put([...parents, name], { type: 'symlink', target, mtimeMs: Date.now() });
  }

  /** Changes what is at a path, after symbolic links, without touching its directory's time. */
  alter(path: string, change: (node: Node) => Node, follow = true): void {
    const { parents, name, node } = this.walk(path, follow);
    if (node === undefined) throw new FsRefusal('ENOENT');
    const at = name === undefined ? parents : [...parents, name];
    if (at.length > 0) this.put(at, change(node), { touching: false });
    else if (node.type === 'directory') this.root = change(node) as DirectoryNode;
  }

  /** Where a file would be opened, and what is there. @throws FsRefusal as opening it would */
  whereToOpen(
    path: string,
    flags: OpenFlags,
  ): { readonly path: CanonicalPath; readonly node: Node | undefined } {
    const { parents, name, node } = this.walk(path, !flags.exclusive);
    const at = name === undefined ? parents : [...parents, name];
    if (node === undefined && !flags.create) throw new FsRefusal('ENOENT');
    if (node !== undefined && flags.exclusive) throw new FsRefusal('EEXIST');
    if (node?.type === 'directory' && (flags.write || flags.create)) throw new FsRefusal('EISDIR');
    return { path: at, node };
  }

  /** Finds, makes or empties the file that is opened. A directory can be opened for reading. */
  open(path: string, flags: OpenFlags, mode: number): { readonly path: CanonicalPath; readonly node: Node } {
    const { path: at, node } = this.whereToOpen(path, flags);
    if (node?.type === 'file' && flags.truncate) {
      const emptied: FileNode = { ...node, sizeBytes: 0, blocks: [], mtimeMs: Date.now() };
      this.put(at, emptied, { touching: false });
      return { path: at, node: emptied };
    }
    if (node !== undefined) return { path: at, node };
    const made = emptyFile(permissions(mode), Date.now());
    this.put(at, made);
    return { path: at, node: made };
  }

  /** Puts a node where its directory is there. */
  put(path: CanonicalPath, node: Node, { touching = true } = {}): void {
    this.root = this.#change(this.root, path, touching, (entries, name) => entries.set(name, node));
  }

  drop(path: CanonicalPath): CanonicalPath {
    this.root = this.#change(this.root, path, true, (entries, name) => entries.delete(name));
    return path;
  }

  #change(
    directory: DirectoryNode,
    [name = '', ...rest]: CanonicalPath,
    touching: boolean,
    change: (entries: Map<string, Node>, name: string) => void,
  ): DirectoryNode {
    const { type, mode, mtimeMs } = directory;
    const entries = this.#owned(this.entriesOf(directory));
    if (rest.length === 0) {
      change(entries, name);
      return { type, mode, mtimeMs: touching ? Date.now() : mtimeMs, entries };
    }
    const child = entries.get(name);
    if (child?.type !== 'directory') throw new FsRefusal(child === undefined ? 'ENOENT' : 'ENOTDIR');
    entries.set(name, this.#change(child, rest, touching, change));
    return { type, mode, mtimeMs, entries };
  }

  #owned(entries: Entries): Map<string, Node> {
    if (entries instanceof Map && this.#own.has(entries)) return entries;
    const copy = new Map(entries);
    this.#own.add(copy);
    return copy;
  }
}

function newDirectory(mode: number): DirectoryNode {
  return { type: 'directory', mode: permissions(mode), mtimeMs: Date.now(), entries: new Map() };
}

function findForced(find: () => ResolvedPath, force: boolean): ResolvedPath | undefined {
  try {
    return find();
  } catch (error) {
    if (force && error instanceof FsRefusal && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a path is `folder` or lies in it. */
export function isWithin(path: CanonicalPath, folder: CanonicalPath): boolean {
  return folder.every((name, index) => path[index] === name);
}

import { FsRefusal } from '../fs-error.js';
import type { FetchedListings } from './fetched-listings.js';
import type { DirectoryNode, Node } from './tree-node.js';

/** As many symbolic links as Linux follows in one path. */
export const MOST_LINKS = 40;
export const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 4096;

/** Where a path leads. */
export interface ResolvedPath {
  /** The names of the directories from the root to the one that the path lies in, without symbolic links. */
  readonly parents: readonly string[];
  /** The last name; undefined for the root, and for a path that ends in `.` or `..`. */
  readonly name: string | undefined;
  /** What is there. */
  readonly node: Node | undefined;
}

/** The parts of a path; a slash at the end counts as `.`, for it asks for a directory. */
export function partsOf(path: string): string[] {
  if (path.includes('\0')) throw nullByte(path);
  // For the kernel a name is bytes: encode what is not valid Unicode as it would be there.
  const text = Buffer.from(path).toString();
  if (text === '') throw new FsRefusal('ENOENT');
  if (Buffer.byteLength(text) >= MOST_PATH_BYTES) throw new FsRefusal('ENAMETOOLONG');
  const parts = text.split('/').filter((part) => part !== '');
  return text.endsWith('/') && parts.length > 0 ? [...parts, '.'] : parts;
}

/** Without slashes at the end, for calls that name a directory with or without. */
export function withoutSlash(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '');
}

/**
 * Follows a path as the kernel does. @param follow whether a symbolic link at its end is followed too.
 * @throws FsRefusal `ENOENT`, `ENOTDIR`, `ELOOP`, `ENAMETOOLONG`; MissingListings
 */
export function walkPath(
  root: DirectoryNode,
  listings: FetchedListings,
  path: string,
  follow: boolean,
): ResolvedPath {
  const ahead = partsOf(path).reverse();
  const trail = new Trail(root);
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (trail.goes(part)) continue;
    if (Buffer.byteLength(part) > MOST_NAME_BYTES) throw new FsRefusal('ENAMETOOLONG');
    const node = listings.entriesOf(trail.directory).get(part);
    const isLast = ahead.length === 0;
    if (node?.type === 'symlink' && (!isLast || follow)) {
      ahead.push(...trail.follow(node.target).reverse());
    } else if (isLast) {
      return { parents: trail.names, name: part, node };
    } else {
      trail.into(part, node);
    }
  }
  return { parents: trail.names, name: undefined, node: trail.directory };
}

/** The directories from the root to where a walk is. */
class Trail {
  readonly names: string[] = [];
  readonly #directories: [DirectoryNode, ...DirectoryNode[]];
  #links = 0;

  constructor(root: DirectoryNode) {
    this.#directories = [root];
  }

  get directory(): DirectoryNode {
    return this.#directories.at(-1) ?? this.#directories[0];
  }

  into(name: string, node: Node | undefined): void {
    if (node === undefined) throw new FsRefusal('ENOENT');
    if (node.type !== 'directory') throw new FsRefusal('ENOTDIR');
    this.names.push(name);
    this.#directories.push(node);
  }

  /** Whether a part is none of a name: `.` stays, `..` goes up. */
  goes(part: string): boolean {
    if (part === '..' && this.names.pop() !== undefined) this.#directories.pop();
    return part === '.' || part === '..';
  }

  /** @returns the parts that a symbolic link leads on by. */
  follow(target: string): string[] {
    this.#links += 1;
    if (this.#links > MOST_LINKS) throw new FsRefusal('ELOOP');
    if (target.startsWith('/')) {
      this.names.length = 0;
      this.#directories.length = 1;
    }
    return partsOf(target);
  }
}

function nullByte(path: string): TypeError {
  const error = new TypeError(`The path ${JSON.stringify(path)} contains a null byte.`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

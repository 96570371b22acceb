import { bytesOfName, isNameText } from './byte-names.js';
import { MOST_LINKS, MOST_NAME_BYTES } from './walk-path.js';

/** What matters of an entry for where it may lead. */
interface Entry {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly path: string;
  readonly target?: string | undefined;
}

/** As many bytes as Linux takes in one target. */
const MOST_TARGET_BYTES = 4095;

/** A directory of the tree: what is in it, links by their targets. */
type Folder = Map<string, Folder | { readonly target: string } | 'file'>;

/**
 * Finds an entry that, written to disk, would lie or lead outside the tree's directory: an absolute path, `..`, a path
 * below something that is not a directory of the tree, a path that appears twice, or a symbolic link that leads out,
 * directly or through others.
 */
export function findEscape(entries: readonly Entry[]): { path: string; why: string } | undefined {
  const checker = new EscapeChecker(entries);
  for (const entry of entries) {
    const why = checker.problemOf(entry);
    if (why !== undefined) return { path: entry.path, why };
  }
  return undefined;
}

/** As {@link findEscape}, one entry at a time. */
export class EscapeChecker {
  readonly #root: Folder = new Map();
  readonly #folders = new Map<string, Folder>([['', this.#root]]);
  /** The entry that each path is, for what comes twice. */
  readonly #first = new Map<string, Entry>();

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) {
      if (this.#first.has(entry.path)) continue;
      this.#first.set(entry.path, entry);
      if (entry.type === 'directory') this.#folders.set(entry.path, new Map());
    }
    for (const entry of this.#first.values()) {
      const { path, type, target = '' } = entry;
      const own = type === 'symlink' ? { target } : (this.#folders.get(path) ?? 'file');
      this.#folders.get(parentOf(path))?.set(path.slice(path.lastIndexOf('/') + 1), own);
    }
  }

  /** Why an entry cannot be written; undefined when it can. */
  problemOf(entry: Entry): string | undefined {
    if (this.#first.get(entry.path) !== entry) return 'appears twice';
    if (!isPlainPath(entry.path)) return 'is not a path inside the tree';
    const parent = parentOf(entry.path);
    if (!this.#folders.has(parent)) return 'is inside something that is not a directory of the tree';
    if (entry.type !== 'symlink') return undefined;
    const target = entry.target ?? '';
    if (target === '' || target.includes('\0') || !isNameText(target))
      return 'is a symbolic link without a valid target';
    if (bytesOfName(target).length > MOST_TARGET_BYTES) return 'is a symbolic link with too long a target';
    return this.#leadsOut(parent, target) ? 'is a symbolic link that leads out of the tree' : undefined;
  }

  /** Follows a link as the kernel would, through the other links of the tree. */
  #leadsOut(folder: string, target: string): boolean {
    if (target.startsWith('/')) return true;
    const trail: Trail = [this.#root];
    for (const name of folder === '' ? [] : folder.split('/')) trail.push(below(trail.at(-1), name));
    const ahead = target.split('/').reverse();
    let links = 0;
    for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
      const link = goOn(trail, part);
      if (trail.length === 0 || link?.startsWith('/') === true) return true;
      if (link === undefined) continue;
      // A loop of links leads nowhere: the kernel gives up as well.
      if (++links > MOST_LINKS) return false;
      ahead.push(...link.split('/').reverse());
    }
    return false;
  }
}

/** Where we are: the directories from the root on; undefined for one that is not of the tree. */
type Trail = (Folder | undefined)[];

/** Goes one part of a path. @returns the target of the link that is met there instead, if any. */
function goOn(trail: Trail, part: string): string | undefined {
  if (part === '' || part === '.') return undefined;
  if (part === '..') {
    trail.pop();
    return undefined;
  }
  const found = trail.at(-1)?.get(part);
  if (typeof found === 'object' && !(found instanceof Map)) return found.target;
  trail.push(below(trail.at(-1), part));
  return undefined;
}

/** Whether a name can be an entry of a directory, and only that. */
function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name) || !isNameText(name)) return false;
  return bytesOfName(name).length <= MOST_NAME_BYTES;
}

function isPlainPath(path: string): boolean {
  return path.split('/').every(isPlainName);
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function below(folder: Folder | undefined, name: string): Folder | undefined {
  const found = folder?.get(name);
  return found instanceof Map ? found : undefined;
}

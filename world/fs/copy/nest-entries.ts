import type { DirectoryNode, FileNode, SymlinkNode } from '../tree/tree-node.js';
import type { TreeEntry } from './write-entries.js';

/** A directory of a tree that is being written, with all that lies in it. */
export interface Branch {
  readonly node: DirectoryNode;
  readonly entries: Map<string, Branch | FileNode | SymlinkNode>;
}

/** @param entries each directory before what it holds. */
export function nestEntries(root: DirectoryNode, entries: readonly TreeEntry[]): Branch {
  const whole: Branch = { node: root, entries: new Map() };
  const branches = new Map([['', whole]]);
  for (const [path, node] of entries) {
    const slash = path.lastIndexOf('/');
    const own = node.type === 'directory' ? { node, entries: new Map() } : node;
    branches.get(path.slice(0, Math.max(0, slash)))?.entries.set(path.slice(slash + 1), own);
    if ('entries' in own && 'node' in own) branches.set(path, own);
  }
  return whole;
}

export function isBranch(entry: Branch | FileNode | SymlinkNode): entry is Branch {
  return 'node' in entry;
}

/** All that lies in a branch, by its path from there: each directory before what it holds. */
export function* entriesIn(branch: Branch, prefix = ''): Generator<TreeEntry> {
  for (const [name, entry] of branch.entries) {
    yield [prefix + name, isBranch(entry) ? entry.node : entry];
    if (isBranch(entry)) yield* entriesIn(entry, `${prefix}${name}/`);
  }
}

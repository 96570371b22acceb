import type { Node } from '../tree/tree-node.js';

/** A difference between two trees. */
export interface TreeChange {
  /** Relative to the root of the trees. */
  readonly path: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly type: Node['type'];
  /** Of a file; of the older one where it is removed. 0 for what is no file. */
  readonly sizeBytes: number;
  /** Of a file that changed: what it was. */
  readonly previousBytes?: number | undefined;
  /** Whether only permissions differ. */
  readonly isModeOnly?: boolean | undefined;
}

type Entry = readonly [path: string, node: Node];

/** What has to change for `before` to become `after`, sorted by path. Neither has to be sorted; times do not count. */
export function compareTrees(before: Iterable<Entry>, after: Iterable<Entry>): TreeChange[] {
  const gone = new Map(before);
  const changes: TreeChange[] = [];
  for (const [path, node] of after) {
    const was = gone.get(path);
    gone.delete(path);
    if (was === undefined) changes.push({ path, kind: 'added', type: node.type, sizeBytes: sizeOf(node) });
    else changes.push(...changeOf(path, was, node));
  }
  for (const [path, node] of gone)
    changes.push({ path, kind: 'removed', type: node.type, sizeBytes: sizeOf(node) });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function changeOf(path: string, was: Node, node: Node): TreeChange[] {
  const isModeOnly = contentOf(was) === contentOf(node);
  if (isModeOnly && modeOf(was) === modeOf(node)) return [];
  const previousBytes = was.type === 'file' && node.type === 'file' ? { previousBytes: was.sizeBytes } : {};
  const only = isModeOnly ? { isModeOnly } : {};
  return [{ path, kind: 'changed', type: node.type, sizeBytes: sizeOf(node), ...previousBytes, ...only }];
}

function sizeOf(node: Node): number {
  return node.type === 'file' ? node.sizeBytes : 0;
}

function modeOf(node: Node): number | undefined {
  return node.type === 'symlink' ? undefined : node.mode;
}

/** Equal for the same content. What a directory holds is compared entry by entry. */
function contentOf(node: Node): string {
  if (node.type === 'file') return `file ${node.blocks.map(({ hash }) => hash).join()}`;
  return node.type === 'symlink' ? `symlink ${node.target}` : 'directory';
}

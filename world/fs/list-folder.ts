import type { Draft } from './draft.js';
import type { DirectoryNode, Node } from './node.js';

/** What a folder holds, sorted by name; with `recursive` also what lies deeper, named by its path. */
export function* listFolder(
  folder: DirectoryNode,
  { draft, recursive }: { readonly draft: Draft; readonly recursive: boolean },
  prefix = '',
): Generator<[string, Node]> {
  const entries = [...draft.entriesOf(folder)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (recursive) draft.expect(entries.flatMap(([, node]) => (node.type === 'directory' ? [node] : [])));
  for (const [name, node] of entries) {
    yield [prefix + name, node];
    if (recursive && node.type === 'directory') {
      yield* listFolder(node, { draft, recursive }, `${prefix}${name}/`);
    }
  }
}

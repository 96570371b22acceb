import test from 'ava';
import fc from 'fast-check';
import { compareTrees } from '../../../world/fs/deploy-trees/compare-trees.js';
import type { Node } from '../../../world/fs/tree/tree-node.js';

const file = (hash: string, mode = 0o644): Node => ({
  type: 'file',
  mode,
  mtimeMs: Number(hash),
  sizeBytes: hash.length,
  blocks: [{ hash, length: hash.length }],
});
const link = (target: string): Node => ({ type: 'symlink', target });
const directory: Node = { type: 'directory', mode: 0o755, entries: new Map() };

test('what was added, changed and removed is told, and times do not count', (t) => {
  const before = {
    same: file('1'),
    longer: file('1'),
    gone: file('22'),
    mode: file('1'),
    in: directory,
    to: link('a'),
  };
  const after = {
    same: file('1'),
    longer: file('22'),
    mode: file('1', 0o755),
    in: file('1'),
    to: link('b'),
    new: file('1'),
  };
  const changes = compareTrees(Object.entries(before), Object.entries(after));
  t.deepEqual(changes, [
    { path: 'gone', kind: 'removed', type: 'file', sizeBytes: 2 },
    { path: 'in', kind: 'changed', type: 'file', sizeBytes: 1 },
    { path: 'longer', kind: 'changed', type: 'file', sizeBytes: 2, previousBytes: 1 },
    { path: 'mode', kind: 'changed', type: 'file', sizeBytes: 1, previousBytes: 1, isModeOnly: true },
    { path: 'new', kind: 'added', type: 'file', sizeBytes: 1 },
    { path: 'to', kind: 'changed', type: 'symlink', sizeBytes: 0 },
  ]);
});

test('carrying out the changes makes the one tree of the other', (t) => {
  const node = fc.oneof(
    fc.constantFrom('1', '22').map((hash) => file(hash)),
    fc.constantFrom('a', 'b').map(link),
    fc.constant(directory),
  );
  const tree = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), node, { noNullPrototype: true });
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const made = new Map(Object.entries(before));
      for (const { path, kind } of compareTrees(Object.entries(before), Object.entries(after))) {
        const next = after[path];
        if (kind === 'removed' || next === undefined) made.delete(path);
        else made.set(path, next);
      }
      t.deepEqual(Object.fromEntries(made), after);
    }),
  );
});

import test from 'ava';
import { formatChanges } from '../../../../cli/deploy/plan/format-file-changes.js';
import type { TreeChange } from '../../../../world/index.js';

const file = (path: string, change: Partial<TreeChange> = {}): TreeChange => ({
  path,
  kind: 'added',
  type: 'file',
  sizeBytes: 1_200,
  ...change,
});

test('files that change are listed with their sizes, and directories only where they are all there is', (t) => {
  t.deepEqual(
    formatChanges([
      file('bin', { type: 'directory', sizeBytes: 0 }),
      file('bin/run', { kind: 'added' }),
      file('cache', { type: 'directory', sizeBytes: 0 }),
      file('index.html', { kind: 'changed', previousBytes: 900 }),
      file('old.css', { kind: 'removed', sizeBytes: 5 }),
      file('start', { kind: 'changed', previousBytes: 1_200, isModeOnly: true }),
      file('to', { type: 'symlink', sizeBytes: 0 }),
    ]),
    [
      '  + bin/run (1 kB)',
      '  + cache/',
      '  ~ index.html (900 B → 1 kB)',
      '  - old.css (5 B)',
      '  ~ start (permissions)',
      '  + to (link)',
      '  3 files added, 2 changed, 1 removed, 4 kB in them',
    ],
  );
  t.deepEqual(formatChanges([]), []);
});

test('many files are counted', (t) => {
  const lines = formatChanges(Array.from({ length: 25 }, (_, at) => file(`f${String(at).padStart(2, '0')}`)));
  t.is(lines.length, 22);
  t.is(lines.at(-2), '  … and 5 more');
  t.is(lines.at(-1), '  25 files added, 30 kB in them');
});

import test from 'ava';
import { diffTexts } from '../../../../cli/deploy/plan/diff-texts.js';
import type { TreeChange } from '../../../../world/index.js';

async function diff(
  change: Partial<TreeChange>,
  before: string | Buffer,
  after: string | Buffer,
): Promise<string[]> {
  const found: string[] = [];
  const whole: TreeChange = {
    path: 'a.txt',
    kind: 'changed',
    type: 'file',
    sizeBytes: after.length,
    ...change,
  };
  const contents = { before: async () => Buffer.from(before), after: async () => Buffer.from(after) };
  for await (const lines of diffTexts([whole], contents)) found.push(...lines);
  return found;
}

test('a changed file is shown as diff -u shows it', async (t) => {
  t.deepEqual(await diff({}, 'one\ntwo\n', 'one\n2\n'), [
    '--- a/a.txt',
    '+++ b/a.txt',
    '@@ -1,2 +1,2 @@',
    ' one',
    '-two',
    '+2',
  ]);
});

test('a file that comes or goes is compared with none', async (t) => {
  t.deepEqual((await diff({ kind: 'added' }, 'unread', 'new\n')).slice(0, 2), [
    '--- /dev/null',
    '+++ b/a.txt',
  ]);
  t.deepEqual((await diff({ kind: 'removed' }, 'old\n', 'unread')).slice(0, 2), [
    '--- a/a.txt',
    '+++ /dev/null',
  ]);
});

test('what is no text, or too large, or all new is said in one line; permissions and links are not', async (t) => {
  t.deepEqual(await diff({}, 'a\0', 'b\0'), ['a.txt: binary, changed']);
  t.deepEqual(await diff({ sizeBytes: 2 ** 20 }, '', ''), ['a.txt: too large to be compared line by line']);
  const lines = (word: string) => Array.from({ length: 5_000 }, (_, at) => `${word} ${at}\n`).join('');
  t.deepEqual(await diff({}, lines('old'), lines('new')), ['a.txt: rewritten']);
  t.deepEqual(await diff({ isModeOnly: true }, 'a', 'a'), []);
  t.deepEqual(await diff({ type: 'symlink' }, 'a', 'b'), []);
});

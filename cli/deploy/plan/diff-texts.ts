import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { TreeChange } from '../../../world/fs/deploy-trees/compare-trees.js';
import { hasOtherBytes } from '../../../world/fs/tree/byte-names.js';

/** Larger files are not compared line by line. */
const MOST_BYTES = 512 * 1_024;

/** After so many changes of lines a file counts as rewritten: comparing takes too long, and nobody reads it. */
const MOST_EDITS = 2_000;

/** Reads the content of a file of a tree. */
export type ReadContent = (path: string) => Promise<Buffer>;

/** The two trees that differ. */
export interface TreeContents {
  readonly before: ReadContent;
  readonly after: ReadContent;
}

/**
 * What changes in each file, as `diff -u` writes it, one line each; a sentence for what is no text, or too large. Contents are
 * data from elsewhere: print each line escaped.
 */
export async function* diffTexts(
  changes: readonly TreeChange[],
  { before, after }: TreeContents,
): AsyncGenerator<readonly string[]> {
  for (const change of changes) {
    const { path, kind, type, sizeBytes, previousBytes = 0 } = change;
    if (type !== 'file' || change.isModeOnly === true) continue;
    if (Math.max(sizeBytes, previousBytes) > MOST_BYTES) {
      yield [`${path}: too large to be compared line by line`];
      continue;
    }
    if (hasOtherBytes(path)) {
      yield [`${path}: ${kind}; a file whose name is not UTF-8 is not compared line by line`];
      continue;
    }
    const empty = Buffer.alloc(0);
    const [old, next] = await Promise.all([
      kind === 'added' ? empty : before(path),
      kind === 'removed' ? empty : after(path),
    ]);
    yield diffOf(change, old, next);
  }
}

function diffOf({ path, kind }: TreeChange, old: Buffer, next: Buffer): readonly string[] {
  if (old.includes(0) || next.includes(0)) return [`${path}: binary, ${kind}`];
  const names = [
    kind === 'added' ? '/dev/null' : `a/${path}`,
    kind === 'removed' ? '/dev/null' : `b/${path}`,
  ];
  const [from = '', to = ''] = names;
  const options = { context: 3, maxEditLength: MOST_EDITS, headerOptions: FILE_HEADERS_ONLY };
  const patch = createTwoFilesPatch(from, to, old.toString(), next.toString(), '', '', options);
  if (patch === undefined) return [`${path}: rewritten`];
  return patch.replace(/\n$/, '').split('\n');
}

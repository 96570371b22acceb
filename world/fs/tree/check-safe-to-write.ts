import { WorldError } from '../../errors.js';
import { EventLoopYielder } from '../copy/event-loop-yielder.js';
import type { TreeEntry } from '../copy/write-entries.js';
import { EscapeChecker } from './escape-checker.js';

/**
 * Refuses what, written to disk, would lie or lead outside the tree's directory or have more rights than its owner gave.
 * @param entries without the root.
 * @param folder where they were read on this machine, so that the error can say what to do there
 * @throws WorldError `invalid` naming the first that is not valid.
 */
export async function checkTree(
  entries: readonly TreeEntry[],
  signal: AbortSignal | undefined,
  folder?: string,
): Promise<void> {
  const described = entries.map(([path, node]) => ({ ...node, path }));
  const checker = new EscapeChecker(described);
  const pace = new EventLoopYielder(signal);
  for (const entry of described) {
    if (pace.isDue()) await pace.rest();
    const isSpecial = entry.type !== 'symlink' && entry.mode > 0o777;
    const why = isSpecial ? 'has a set-user-ID, set-group-ID or sticky bit' : checker.problemOf(entry);
    if (why === undefined) continue;
    throw new WorldError(
      'invalid',
      folder === undefined
        ? `The tree cannot be used: "${entry.path}" ${why}.`
        : `Cannot store ${folder}/${entry.path}: it ${why}. Remove it, or leave it out (exclude in hawser.yaml, .hawserignore).`,
    );
  }
}

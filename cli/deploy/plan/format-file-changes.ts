import type { TreeChange } from '../../../world/fs/deploy-trees/compare-trees.js';
import { counted, formatBytes } from '../../output/format-quantities.js';

/** How many files are shown before the rest is only counted. */
const MOST_SHOWN = 20;

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** One line for each file that changes, of which the first are shown, and a line that sums up; none if nothing changes. */
export function formatChanges(changes: readonly TreeChange[]): string[] {
  const shown = changes.filter((change) => isShown(change, changes));
  if (shown.length === 0) return [];
  const more = shown.length - MOST_SHOWN;
  const rest = more > 0 ? [`  … and ${more} more`] : [];
  return [...shown.slice(0, MOST_SHOWN).map(formatChange), ...rest, sumUp(shown)];
}

/** A directory goes without saying where something in it is shown. */
function isShown({ path, kind, type }: TreeChange, changes: readonly TreeChange[]): boolean {
  if (type !== 'directory' || kind === 'changed') return true;
  return !changes.some((other) => other.path.startsWith(`${path}/`) && other.kind === kind);
}

function formatChange({ path, kind, type, sizeBytes, previousBytes, isModeOnly }: TreeChange): string {
  const name = type === 'directory' ? `${path}/` : path;
  return `  ${SIGNS[kind]} ${name}${describe()}`;

  function describe(): string {
    if (isModeOnly === true) return ' (permissions)';
    if (type === 'symlink') return ' (link)';
    if (type === 'directory') return '';
    if (previousBytes === undefined || previousBytes === sizeBytes) return ` (${formatBytes(sizeBytes)})`;
    return ` (${formatBytes(previousBytes)} → ${formatBytes(sizeBytes)})`;
  }
}

/** "2 files added, 1 changed, 3 removed; 12 kB to send at most" */
function sumUp(changes: readonly TreeChange[]): string {
  const of = (kind: TreeChange['kind']) => changes.filter((change) => change.kind === kind);
  const [first, ...others] = (['added', 'changed', 'removed'] as const).flatMap((kind) => {
    const { length } = of(kind);
    return length === 0 ? [] : [{ kind, length }];
  });
  if (first === undefined) return '';
  const counts = [
    `${counted(first.length, 'file')} ${first.kind}`,
    ...others.map(({ kind, length }) => `${length} ${kind}`),
  ];
  const bytes = [...of('added'), ...of('changed')].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `  ${counts.join(', ')}${bytes === 0 ? '' : `, ${formatBytes(bytes)} in them`}`;
}

/** What matters of an entry for where it may lead. */
interface Entry {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly path: string;
  readonly target?: string;
}

/** As many links as Linux follows in one path. */
const MOST_LINKS = 40;

/**
 * Finds an entry that, written to disk, would lie or lead outside the tree's folder: an absolute path, `..`, a path
 * below something that is no folder of the tree, a path that comes twice, or a symbolic link that leads out, by
 * itself or by way of others.
 */
export function findEscape(entries: readonly Entry[]): { path: string; why: string } | undefined {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  if (byPath.size !== entries.length) {
    const twice = entries.find((entry) => byPath.get(entry.path) !== entry);
    return { path: twice?.path ?? '', why: 'comes twice' };
  }
  for (const entry of entries) {
    const why = objection(entry, byPath);
    if (why !== undefined) return { path: entry.path, why };
  }
  return undefined;
}

function objection(entry: Entry, byPath: ReadonlyMap<string, Entry>): string | undefined {
  if (!isPlainPath(entry.path)) return 'is not a path inside the tree';
  const parent = parentOf(entry.path);
  if (parent !== '' && byPath.get(parent)?.type !== 'directory')
    return 'lies in something that is not a folder of the tree';
  if (entry.type !== 'symlink') return undefined;
  const target = entry.target ?? '';
  if (target === '' || target.includes('\0')) return 'is a symbolic link to nothing';
  return leadsOut(parent, target, byPath) ? 'is a symbolic link that leads out of the tree' : undefined;
}

function isPlainPath(path: string): boolean {
  return (
    !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** Follows a link as the kernel would, through the other links of the tree. */
function leadsOut(folder: string, target: string, byPath: ReadonlyMap<string, Entry>): boolean {
  if (target.startsWith('/')) return true;
  const place = folder === '' ? [] : folder.split('/');
  const ahead = target.split('/').reverse();
  let links = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (place.pop() === undefined) return true;
      continue;
    }
    const found = byPath.get([...place, part].join('/'));
    if (found?.type !== 'symlink') {
      place.push(part);
      continue;
    }
    // A loop of links leads nowhere: the kernel gives up as well.
    if (++links > MOST_LINKS) return false;
    const further = found.target ?? '';
    if (further.startsWith('/')) return true;
    ahead.push(...further.split('/').reverse());
  }
  return false;
}

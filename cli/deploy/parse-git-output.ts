/** The output of `git status --porcelain=v2 --branch -z`. */
export interface GitStatus {
  /** The commit that is checked out; undefined before the first one. */
  readonly head: string | undefined;
  /** Files that differ from the commit or are not in it, from the top of the work tree. */
  readonly changed: readonly string[];
}

/** How many fields stand before the path, by the kind of entry. */
const FIELDS: Readonly<Record<string, number>> = { '1': 8, u: 10, '?': 1 };

/** @throws TypeError for an entry that git does not write without renames. */
export function parseStatus(output: string): GitStatus {
  let head: string | undefined;
  const changed: string[] = [];
  for (const entry of output.split('\0').filter((line) => line !== '')) {
    const [kind = '', ...rest] = entry.split(' ');
    if (kind === '#') {
      if (rest[0] === 'branch.oid' && rest[1] !== '(initial)') head = rest[1];
      continue;
    }
    const fields = FIELDS[kind];
    if (fields === undefined) throw new TypeError(`git status wrote "${entry}"`);
    changed.push(entry.split(' ').slice(fields).join(' '));
  }
  return { head, changed };
}

/** The files of `git ls-files` that status does not look at, or not into. */
export interface IndexedFiles {
  /** Marked so that git does not check them for changes; relative to the directory. */
  readonly hidden: readonly string[];
  /** Repositories of their own (submodules). */
  readonly submodules: readonly string[];
}

const SUBMODULE_MODE = '160000';

/** Reads `git ls-files -v --stage -z`: a tag, then mode, object, stage, a tab and the path. */
export function parseIndex(output: string): IndexedFiles {
  const hidden: string[] = [];
  const submodules: string[] = [];
  for (const entry of output.split('\0').filter((line) => line !== '')) {
    const tab = entry.indexOf('\t');
    const [tag = '', mode] = entry.slice(0, tab).split(' ');
    const file = entry.slice(tab + 1);
    if (tag === 'S' || tag !== tag.toUpperCase()) hidden.push(file);
    if (mode === SUBMODULE_MODE) submodules.push(file);
  }
  return { hidden, submodules };
}

/**
 * The settings that switch off every filter of a configuration, for `git config --list --name-only -z`: a clean filter is a
 * program that status would run. Undefined where a filter has a name that cannot be given on a command line.
 */
export function withoutFilters(output: string): string[] | undefined {
  const drivers = new Set<string>();
  for (const key of output.split('\0')) {
    const driver = /^filter\.(.+)\.[^.]+$/s.exec(key)?.[1];
    if (driver !== undefined) drivers.add(driver);
  }
  if ([...drivers].some((driver) => driver.includes('='))) return undefined;
  const off = (driver: string) => [
    `filter.${driver}.clean=`,
    `filter.${driver}.smudge=`,
    `filter.${driver}.process=`,
    `filter.${driver}.required=false`,
  ];
  return [...drivers].flatMap(off);
}

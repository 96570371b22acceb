import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { parseIndex, parseStatus, withoutFilters } from './parse-git-output.js';
import { type GitAnswer, type GitRun, runGit } from './run-git.js';

/** The git state of a directory to deploy. */
export interface GitState {
  /** The directory that holds the repository. */
  readonly root: string;
  /** The commit that is checked out; empty before the first one. */
  readonly head: string;
  /** Files of the directory that differ from the commit or are not in it. */
  readonly dirty: readonly string[];
  /** Whether one of them goes through a filter such as git-lfs: it counts as changed whenever git has to read it. */
  readonly isFiltered: boolean;
}

/** How deep submodules may be nested. */
const MAX_DEPTH = 8;

const MAX_ATTRIBUTE_FILES = 50;

/** Settings are small files. */
const SETTINGS_TIMEOUT_MS = 5_000;

/**
 * Reads the git state of a directory; undefined outside a git work tree.
 *
 * @throws CliError `git-refused` with git's message when it cannot tell the state of the directory; `usage` when there is no git
 * program
 */
export async function readGitState(folder: string, signal: AbortSignal): Promise<GitState | undefined> {
  const real = await realpath(folder);
  const root = await repositoryAbove(real);
  return root === undefined ? undefined : { root, ...(await stateOf(real, { root, signal, depth: 0 })) };
}

/**
 * Whether `commit` is the one that is checked out or one of its ancestors; also false for a commit that this clone lacks.
 * @throws CliError `git-refused` when the clone is shallow, so that nobody can tell
 */
export async function contains(
  { root, head }: GitState,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (commit === head) return true;
  // It comes from the fleet, where somebody may have stored something that git would take for an option.
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit)) return false;
  const run = { folder: root, root, signal };
  const { code } = await runGit(['merge-base', '--is-ancestor', commit, head], run);
  if (code === 0) return true;
  const shallow = await runGit(['rev-parse', '--is-shallow-repository'], run);
  if (shallow.stdout.trim() !== 'true') return false;
  const message = `Cannot tell whether ${head.slice(0, 10)} contains the deployed commit ${commit.slice(0, 10)}: this clone is shallow. Fetch its history with "git fetch --unshallow" (GitHub Actions: fetch-depth: 0 for checkout), or pass --force.`;
  throw new CliError('git-refused', message);
}

interface Looking {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly depth: number;
}

async function stateOf(folder: string, looking: Looking): Promise<Omit<GitState, 'root'>> {
  const { root, signal } = looking;
  const listed = await runGit(['config', '--list', '--name-only', '-z'], {
    folder,
    root,
    signal,
    timeoutMs: SETTINGS_TIMEOUT_MS,
  });
  if (listed.code !== 0) throw gitRefused(folder, listed);
  const settings = withoutFilters(listed.stdout);
  if (settings === undefined) throw gitRefused(folder, 'its configuration has a filter with "=" in its name');
  const ask = async (...args: string[]): Promise<string> => {
    const answer = await runGit(args, { folder, root, signal, settings });
    if (answer.code !== 0) throw gitRefused(folder, answer);
    return answer.stdout;
  };
  const top = (await ask('rev-parse', '--show-toplevel')).replace(/\n$/, '');
  const isWithin = folder === top || folder.startsWith(top === '/' ? '/' : `${top}/`);
  if (!isWithin) throw gitRefused(folder, `its configuration says that the work tree is ${top}`);
  const { head = '', changed } = parseStatus(
    await ask(
      'status',
      ...['--porcelain=v2', '--branch', '-z', '--untracked-files=normal', '--no-renames'],
      ...['--ignore-submodules=dirty', '--', '.'],
    ),
  );
  const { hidden, submodules } = parseIndex(await ask('ls-files', '-v', '--stage', '-z', '--', '.'));
  const inner: string[] = [];
  for (const submodule of submodules) inner.push(...(await changesIn(folder, submodule, looking)));
  const unseen = hidden.map((file) => `${file} (hidden from git status)`);
  const isFiltered = settings.length > 0 && (await anyFiltered(changed, { folder: top, root, signal }));
  return { head, dirty: [...changed, ...unseen, ...inner], isFiltered };
}

/** Whether a filter is set for one of the files, from the top of the work tree; only the first ones are looked at. */
async function anyFiltered(files: readonly string[], run: GitRun): Promise<boolean> {
  if (files.length === 0) return false;
  const some = files.slice(0, MAX_ATTRIBUTE_FILES);
  const { stdout } = await runGit(['check-attr', '-z', 'filter', '--', ...some], run);
  const values = stdout.split('\0').filter((_, field) => field % 3 === 2);
  return values.some((value) => !['unspecified', 'unset'].includes(value));
}

/** What changed in a submodule, read separately: if git looked into it by itself, the submodule's settings would count. */
async function changesIn(folder: string, submodule: string, looking: Looking): Promise<string[]> {
  const inner = path.join(folder, submodule);
  const depth = looking.depth + 1;
  if (depth > MAX_DEPTH) return [submodule];
  if (await isThere(path.join(inner, '.git'))) {
    const { dirty } = await stateOf(await realpath(inner), { ...looking, depth });
    return dirty.map((file) => `${submodule}/${file}`);
  }
  // Not checked out: git ignores what is there instead.
  return (await isEmptyOrAbsent(inner)) ? [] : [submodule];
}

/** The nearest directory upward with a `.git`; git itself reports whether that is valid. */
async function repositoryAbove(folder: string): Promise<string | undefined> {
  for (let place = folder; ; place = path.dirname(place)) {
    if (await isThere(path.join(place, '.git'))) return place;
    if (path.dirname(place) === place) return undefined;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

async function isEmptyOrAbsent(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function gitRefused(folder: string, why: GitAnswer | string): CliError {
  const words = typeof why === 'string' ? why : why.words.replace(/^fatal: /, '').replace(/[.:]$/, '');
  return new CliError(
    'git-refused',
    `git cannot tell whether ${folder} is committed: ${words}. Fix that, or pass --no-git.`,
  );
}

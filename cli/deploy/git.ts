import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UsageError } from '../errors.js';

const run = promisify(execFile);

/** The git side of a folder that is to be deployed. */
export interface GitState {
  /** The commit that is checked out. */
  readonly head: string;
  /** Files of the folder that differ from the commit or are not in it, as `git status --short` names them. */
  readonly dirty: readonly string[];
}

/** Looks at a folder; undefined when it is in no git work tree, or before the first commit. */
export async function gitState(folder: string, signal: AbortSignal): Promise<GitState | undefined> {
  const head = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD'], signal);
  if (head === undefined) return undefined;
  const status = await git(folder, ['status', '--short', '--', '.'], signal);
  return { head: head.trim(), dirty: (status ?? '').split('\n').filter((line) => line !== '') };
}

/** Whether `commit` is `head` or one of its ancestors; false too for a commit that this clone does not have. */
export async function isAncestor(
  folder: string,
  commit: string,
  head: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await git(folder, ['merge-base', '--is-ancestor', commit, head], signal)) !== undefined;
}

/** Runs git in a folder; undefined when it says no with an exit code. */
async function git(
  folder: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], { signal });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as { code?: unknown };
    if (typeof code === 'number') return undefined;
    throw new UsageError(`Cannot run git (${String(code)}): install it, or give --no-git.`, { cause: error });
  }
}

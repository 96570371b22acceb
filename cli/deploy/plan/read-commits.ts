import type { GitState } from '../read-git-state.js';
import { runGit } from '../run-git.js';

export interface Commit {
  readonly hash: string;
  readonly subject: string;
}

/** So many are told. */
const MOST_COMMITS = 20;

/** The newest commits that the deployed one does not have, newest first; none if git cannot tell. */
export async function readCommits(
  git: GitState | undefined,
  deployed: string,
  signal: AbortSignal,
): Promise<Commit[]> {
  // What the fleet stored could be an option, too.
  if (git === undefined || !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(deployed) || git.head === '') return [];
  const { code, stdout } = await runGit(
    [
      'log',
      `--max-count=${MOST_COMMITS}`,
      '--no-decorate',
      '--no-color',
      '-z',
      '--format=%H %s',
      `${deployed}..${git.head}`,
    ],
    { folder: git.root, root: git.root, signal },
  );
  if (code !== 0) return [];
  return stdout.split('\0').flatMap((line) => {
    const [, hash, subject = ''] = /^([0-9a-f]+) (.*)$/s.exec(line) ?? [];
    return hash === undefined ? [] : [{ hash, subject }];
  });
}

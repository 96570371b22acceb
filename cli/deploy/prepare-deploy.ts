import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../../world/deploys/manifest.js';
import { CliError } from '../errors.js';
import { readYaml } from '../fleet/find-config.js';
import { parseManifest } from '../manifest/parse-hawser-yaml.js';
import { type IsLeftOut, readLeftOutFiles } from './ignore-patterns.js';
import { type GitState, readGitState } from './read-git-state.js';

/** What a person chose for one deploy. */
export interface DeployChoices {
  readonly folder: string;
  readonly message: string;
  /** False: ignore git. */
  readonly git: boolean;
  /** Deploy even from a dirty tree, and over a deploy that this commit does not descend from. */
  readonly force: boolean;
  /** Hosts fetch and verify, but do not apply. */
  readonly noop: boolean;
}

/** A directory that may be deployed, as far as that is known without the fleet. */
export interface Prepared {
  readonly choices: DeployChoices;
  readonly manifest: Manifest;
  readonly git: GitState | undefined;
  readonly isLeftOut: IsLeftOut;
}

/**
 * Reads the manifest and looks at git.
 *
 * @throws CliError `usage` for a missing or wrong manifest, `dirty-tree`, `git-refused`
 */
export async function prepareDeploy(choices: DeployChoices, signal: AbortSignal): Promise<Prepared> {
  const manifest = await readManifest(choices.folder);
  const isLeftOut = await readLeftOutFiles(choices.folder, manifest);
  const git = choices.git ? await readGitState(choices.folder, signal) : undefined;
  if (git?.head === '' && !choices.force) {
    throw new CliError(
      'dirty-tree',
      `${choices.folder} is in a git repository without commits: commit first, or pass --force or --no-git.`,
    );
  }
  if (git !== undefined && git.dirty.length > 0 && !choices.force) {
    const filtered = git.isFiltered
      ? ' hawser does not run filters (git-lfs, git-crypt): if you trust the repository, "git status" may clear this.'
      : '';
    const more = git.dirty.length > 1 ? ` and ${git.dirty.length - 1} more` : '';
    throw new CliError(
      'dirty-tree',
      `${choices.folder} has uncommitted changes (${git.dirty[0]?.trim()}${more}): commit them, or pass --force or --no-git.${filtered}`,
    );
  }
  return { choices, manifest, git, isLeftOut };
}

/** The same for other hosts than the manifest names; undefined changes nothing. @param selection names, globs and labels */
export function withHosts(prepared: Prepared, selection: string | undefined): Prepared {
  if (selection === undefined) return prepared;
  return { ...prepared, manifest: { ...prepared.manifest, hosts: selection } };
}

/** Reads the manifest of a directory. @throws CliError `usage` naming the file and what is wrong in it. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, 'hawser.yaml');
  if (!existsSync(file)) {
    throw new CliError('usage', `There is no ${file}: create one with at least "name: my-app".`);
  }
  const { value, placeOf } = await readYaml(file);
  const parsed = parseManifest(value, placeOf);
  if ('manifest' in parsed) return parsed.manifest;
  throw new CliError('usage', `${file} is invalid: ${parsed.problems.join('; ')}.`);
}

import { hostname as machineName } from 'node:os';
import type { DeployOrigin } from '../../world/deploys/deploy-payload.js';
import { workingFolder } from '../system/user-folders.js';
import { userName } from '../system/user-name.js';
import type { GitState } from './read-git-state.js';
import { type GitRun, runGit } from './run-git.js';

/** Whom git names: the one who commits in a repository; anywhere; or nobody is asked. */
export type GitPlace = (Pick<GitState, 'root'> & { readonly folder: string }) | 'anywhere' | 'nobody';

const TIMEOUT_MS = 5_000;

/** More than that is no name. */
const MOST_CHARACTERS = 200;

/**
 * Who makes a deploy, and from where, as far as this machine says. Without git, or where it has no name, that part is missing: a record
 * is no reason not to deploy.
 *
 * @param sshKey the fingerprint of the key that opened the connection
 */
export async function readOrigin(
  place: GitPlace,
  { sshKey, signal }: { readonly sshKey: string | undefined; readonly signal: AbortSignal },
): Promise<DeployOrigin> {
  const git = place === 'nobody' ? undefined : await readGitIdentity(place, signal);
  return {
    ...{ user: userName(), machine: machineName() },
    ...(git === undefined ? {} : { git }),
    ...(sshKey === undefined ? {} : { sshKey }),
  };
}

/** "Ann <ann@example.org>" */
async function readGitIdentity(
  place: Exclude<GitPlace, 'nobody'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const run: GitRun = {
    // No repository of somebody else says who we are.
    ...(place === 'anywhere' ? { folder: '/', root: workingFolder() } : place),
    ...{ signal, timeoutMs: TIMEOUT_MS },
  };
  try {
    const { stdout } = await runGit(['config', '-z', '--get-regexp', '^user\\.(name|email)$'], run);
    // The last one of each counts.
    const values = stdout.split('\0').map((entry) => entry.split('\n'));
    const settingOf = (key: string) => values.findLast(([name]) => name === `user.${key}`)?.[1] || undefined;
    const [name, email] = [settingOf('name'), settingOf('email')];
    const identity = [name, email && `<${email}>`].filter((part) => part !== undefined).join(' ');
    return identity === '' || identity.length > MOST_CHARACTERS ? undefined : identity;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

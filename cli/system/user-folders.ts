import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { CliError } from '../errors.js';

/** The person's home: `HOME`, else what the passwd entry says; undefined for a user who has neither. */
function homeFolder(): string | undefined {
  const home = process.env['HOME'];
  if (home !== undefined && path.isAbsolute(home)) return home;
  try {
    return userInfo().homedir || undefined;
  } catch {
    // A user without a passwd entry, as in a container.
    return undefined;
  }
}

/** Whether the person's home is there: nobody wants one made for what they can do without. */
export function hasHome(): boolean {
  const home = homeFolder();
  return home !== undefined && existsSync(home);
}

/** Whether a file of the person's own is not there; HOME may be no directory, as `HOME=/dev/null` of services is. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The directory that we were started in; the root where that one was removed, as `ssh` works on in such a place. */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/**
 * A path that may begin with `~/`, as a shell would have it.
 * @throws CliError `usage` for a `~/` of a user who has no home.
 */
export function expandHome(file: string): string {
  if (!file.startsWith('~/')) return file;
  const home = homeFolder();
  if (home === undefined) {
    throw new CliError('usage', `Cannot find ${file}: your user has no home directory. Set HOME.`);
  }
  return path.join(home, file.slice(2));
}

/**
 * The directory of a person's own configuration: `hawser` in `$XDG_CONFIG_HOME`, by default `~/.config`; undefined for a
 * user without a home. A relative `XDG_CONFIG_HOME` counts as none, as its specification says: it would be a directory
 * of whatever place this is started in.
 */
export function ownConfigFolder(): string | undefined {
  const xdg = process.env['XDG_CONFIG_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'hawser');
  const home = homeFolder();
  return home === undefined ? undefined : path.join(home, '.config', 'hawser');
}

/**
 * The directory for what is to be remembered from one call to the next: `hawser` in `$XDG_STATE_HOME`, by default
 * `~/.local/state`; undefined for a user without a home.
 */
export function ownStateFolder(): string | undefined {
  const xdg = process.env['XDG_STATE_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'hawser');
  const home = homeFolder();
  return home === undefined ? undefined : path.join(home, '.local', 'state', 'hawser');
}

/** The directory for what can be fetched again: `hawser` in `$XDG_CACHE_HOME`, by default `~/.cache`. @throws CliError `usage` */
export function ownCacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'hawser');
  const home = homeFolder();
  if (home !== undefined) return path.join(home, '.cache', 'hawser');
  throw new CliError(
    'usage',
    'Your user has no home directory to keep downloads in: set HOME or XDG_CACHE_HOME.',
  );
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { parseGroup } from '../../options/find-group.js';
import type { ProgramAccount } from '../../processes/build-child-command.js';

/** Whom the programs of an app run as. */
export interface Account extends ProgramAccount {
  /** Its home directory, for `HOME`. */
  readonly home: string;
}

/** What of a manifest and of its host decides that. */
export interface AccountChoice {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** For an app that names no user. Default: the agent's own user. */
  readonly defaultUser?: string | undefined;
}

/** What getent takes as a name; a number would be taken for an id. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?$/;

/**
 * Looks up whom an app runs as on this host.
 *
 * @returns undefined for the agent's own user
 * @throws Error, with a sentence for the report, if there is no such user or group, or the agent may not run anything
 * as that user.
 */
export async function findAccount({ user, group, defaultUser }: AccountChoice): Promise<Account | undefined> {
  const own = userInfo();
  const isRoot = process.geteuid?.() === 0;
  const name = user ?? (isRoot ? defaultUser : undefined) ?? own.username;
  if (name === own.username && group === undefined) return undefined;
  if (!isRoot)
    throw new Error(
      `The app is to run as ${group === undefined ? name : `${name}:${group}`}, but the agent of this host runs as ${own.username}, which may not do that: run the agent as root, or leave user and group out`,
    );
  const found = parsePasswd(await lookUp('passwd', name), name);
  if (found === undefined)
    throw new Error(`This host has no user "${name}", whom the app is to run as: create it, or name another`);
  if (group === undefined) return found;
  const gid = parseGroup(await lookUp('group', group), group);
  if (gid === undefined)
    throw new Error(
      `This host has no group "${group}", which the app is to run in: create it, or name another`,
    );
  return { ...found, gid };
}

/** The variables that tell a program whom it runs as. */
export function accountVariables(account: Account | undefined): Record<string, string> {
  if (account === undefined) return {};
  return { HOME: account.home, USER: account.name, LOGNAME: account.name };
}

/** `getent` also knows the users of a directory service. */
async function lookUp(database: 'passwd' | 'group', name: string): Promise<string> {
  if (!NAME.test(name)) return '';
  try {
    return (await promisify(execFile)('getent', [database, name])).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return ''; // getent found nothing
    return readFile(`/etc/${database}`, 'utf8');
  }
}

/** A user in the lines of /etc/passwd. */
export function parsePasswd(lines: string, name: string): Account | undefined {
  for (const line of lines.split('\n')) {
    const [found, , uid = '', gid = '', , home = '/'] = line.split(':');
    if (found === name && /^\d+$/.test(uid) && /^\d+$/.test(gid))
      return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AgentError } from '../errors.js';

/** The id of a group of this machine. @throws AgentError `invalid` if there is none with this name. */
export async function findGroup(name: string): Promise<number> {
  // `getent` also knows groups of a directory service.
  const lines = await promisify(execFile)('getent', ['group', name]).then(
    ({ stdout }) => stdout,
    () => readFile('/etc/group', 'utf8'),
  );
  const gid = parseGroup(lines, name);
  if (gid !== undefined) return gid;
  throw new AgentError(
    'invalid',
    `This host has no group "${name}" for --socket-group: create it (groupadd --system ${name}), or name another.`,
  );
}

/** The id of a group in the lines of /etc/group. */
export function parseGroup(lines: string, name: string): number | undefined {
  for (const line of lines.split('\n')) {
    const [found, , gid = ''] = line.split(':');
    if (found === name && /^\d+$/.test(gid)) return Number(gid);
  }
  return undefined;
}

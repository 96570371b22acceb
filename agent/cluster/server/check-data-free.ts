import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from '../../errors.js';

/**
 * Makes sure that no etcd uses this data: a second one would silently wait for the first.
 *
 * @throws AgentError `in-use` naming the process.
 */
export async function checkDataFree(dataFolder: string): Promise<void> {
  const database = path.join(dataFolder, 'member', 'snap', 'db');
  const found = await stat(database).catch(() => undefined); // no data, or unreadable: etcd reports that
  if (found === undefined) return;
  const locks = await readFile('/proc/locks', 'utf8').catch(() => ''); // not mounted everywhere
  const pid = lockHolder(locks, found);
  if (pid === undefined) return;
  throw new AgentError(
    'in-use',
    `Process ${pid} is already using the data in ${dataFolder}: stop it, or choose another --prefix.`,
  );
}

/**
 * The process that holds a lock on a file, from /proc/locks, which lists device and inode as the kernel writes them.
 */
export function lockHolder(
  locks: string,
  file: { readonly dev: number; readonly ino: number },
): number | undefined {
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  const major = (file.dev >> 8) & 0xfff;
  const minor = (file.dev & 0xff) | ((file.dev >> 12) & 0xfff00);
  const wanted = `${hex(major)}:${hex(minor)}:${file.ino}`;
  const line = locks.split('\n').find((lock) => lock.split(/\s+/)[5] === wanted);
  const pid = Number(line?.split(/\s+/)[4]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

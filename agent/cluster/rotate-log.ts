import { copyFile, rename, rm, stat, truncate } from 'node:fs/promises';

/** How large etcd's log grows before it is put aside. */
export const maxLogBytes = 10 * 1024 * 1024;

/** How many old logs are kept: `etcd.log.1` is the youngest. */
export const keptLogs = 3;

/**
 * Puts a log file aside when it has grown to `maxBytes`. While a program writes it (`live`) it is copied and emptied:
 * the program goes on at the start of the file, because it appends, and what it writes within that moment is lost.
 * Otherwise it is renamed. When the disk is too full for a copy it stays as it is.
 *
 * @returns whether it was put aside
 */
export async function rotateLog(
  file: string,
  { live, maxBytes = maxLogBytes }: { live: boolean; maxBytes?: number },
): Promise<boolean> {
  const found = await stat(file).catch(ignoreAbsent);
  if (found === undefined || found.size < maxBytes) return false;
  const aside = `${file}.new`;
  if (live) await copy(file, aside);
  await rm(`${file}.${keptLogs}`, { force: true });
  for (let age = keptLogs - 1; age >= 1; age -= 1) {
    await rename(`${file}.${age}`, `${file}.${age + 1}`).catch(ignoreAbsent);
  }
  await rename(live ? aside : file, `${file}.1`);
  if (live) await truncate(file);
  return true;
}

async function copy(file: string, aside: string): Promise<void> {
  try {
    await copyFile(file, aside);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

function ignoreAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from '../accounts/account.js';

/**
 * Writes the secrets that the programs of a release read as files: each for its user alone, in a directory that only the
 * agent changes. Others that are there go away.
 */
export async function writeSecretFiles(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  account: Account | undefined,
): Promise<void> {
  for (const each of [path.dirname(folder), folder]) {
    await mkdir(each, { recursive: true, mode: 0o700 });
    if (account === undefined) continue;
    const { uid } = await lstat(each);
    await chown(each, uid, account.gid);
    await chmod(each, 0o750);
  }
  for (const name of await readdir(folder)) if (!files.has(name)) await rm(path.join(folder, name));
  for (const [name, value] of files) await put(path.join(folder, name), value, account);
}

async function put(file: string, value: Uint8Array, account: Account | undefined): Promise<void> {
  const partial = `${file}.part`;
  await rm(partial, { force: true });
  await writeFile(partial, value, { mode: 0o400, flag: 'wx' });
  if (account !== undefined) await chown(partial, account.uid, account.gid);
  const found = await readFile(file).catch(() => undefined);
  const { uid = -1 } = (await lstat(file).catch(() => undefined)) ?? {};
  // A running program may have it open.
  if (found?.equals(value) === true && uid === (account?.uid ?? process.geteuid?.())) await rm(partial);
  else await rename(partial, file);
}

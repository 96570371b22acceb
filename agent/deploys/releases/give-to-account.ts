import { lchown, lstat } from 'node:fs/promises';
import { inParallel } from '../../../base/in-parallel.js';
import type { Account } from '../accounts/account.js';
import { listTree } from './list-tree.js';

const CONCURRENCY = 16;

/**
 * Gives a directory and all that is in it to whom the app runs as. Call it where nobody else can enter, so that
 * nothing in it is exchanged meanwhile. Links are not followed.
 */
export async function giveToAccount(folder: string, { uid, gid }: Account): Promise<void> {
  if ((await lstat(folder)).uid === uid && process.geteuid?.() !== 0) return;
  const entries = await listTree(folder);
  const paths = [...entries.map(({ path }) => path), folder];
  await inParallel(paths, CONCURRENCY, (entry) => lchown(entry, uid, gid));
}

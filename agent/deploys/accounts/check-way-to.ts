import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';

/**
 * Makes sure that whom an app runs as can enter a directory.
 *
 * @throws Error, with a sentence for the report, naming the directory on the way that it cannot enter.
 */
export async function checkWayTo(folder: string, { name, uid, gid }: Account): Promise<void> {
  if (uid === 0) return;
  for (let part = path.resolve(folder); ; part = path.dirname(part)) {
    const found = await stat(part);
    const right = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if ((found.mode & right) === 0)
      throw new Error(
        `The app is to run as ${name}, who cannot enter ${part}: allow that (chmod o+x ${part}), or start the agent with another --prefix`,
      );
    if (part === path.dirname(part)) return;
  }
}

import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from '../errors.js';
import { readPrivateFile } from './open-private-file.js';

/**
 * The identity of an agent's prefix, created once. It tells an agent that restarted from a second one with the same
 * hostname.
 *
 * @throws AgentError `invalid` if the directory cannot be created or written.
 */
export async function prefixInstanceId(prefix: string): Promise<string> {
  const file = path.join(prefix, 'instance');
  const id = randomUUID();
  const draft = `${file}.${id}`;
  try {
    await mkdir(prefix, { recursive: true, mode: 0o700 });
    await writeFile(draft, `${id}\n`, { flag: 'wx', mode: 0o600 });
    // A link is atomic: of two agents that start together, neither reads half of the other's file.
    await link(draft, file).finally(() => rm(draft, { force: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new AgentError('invalid', `Cannot write to the prefix ${prefix}: ${(error as Error).message}.`, {
        cause: error,
      });
    }
    await removeDraftsOf(file);
  }
  return (await readPrivateFile(file)).trim();
}

/** Another agent may be between creating its link and removing its draft, or was killed there. */
async function removeDraftsOf(file: string): Promise<void> {
  const { ino, nlink } = await lstat(file);
  if (nlink === 1) return;
  const folder = path.dirname(file);
  for (const name of await readdir(folder)) {
    const draft = path.join(folder, name);
    if (!name.startsWith(`${path.basename(file)}.`)) continue;
    const found = await lstat(draft).catch(() => undefined); // removed meanwhile
    if (found?.ino === ino) await rm(draft, { force: true });
  }
}

import { randomUUID } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from '../errors.js';
import { readPrivateFile } from './private-file.js';

/**
 * The identity of an agent's folder, made once: it tells an agent that was restarted from a second one that was
 * given the same hostname.
 *
 * @throws AgentError `invalid` when the folder cannot be made or written.
 */
export async function instanceIdOf(prefix: string): Promise<string> {
  const file = path.join(prefix, 'instance');
  const id = randomUUID();
  const draft = `${file}.${id}`;
  try {
    await mkdir(prefix, { recursive: true, mode: 0o700 });
    await writeFile(draft, `${id}\n`, { flag: 'wx', mode: 0o600 });
    // All at once, so that of two that start together neither reads half of it.
    await link(draft, file).finally(() => rm(draft));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new AgentError('invalid', `Cannot write to the prefix ${prefix}: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }
  return (await readPrivateFile(file)).trim();
}

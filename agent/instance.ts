import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from './errors.js';

/**
 * The identity of an agent's folder, made once: it tells an agent that was restarted from a second one that was
 * given the same hostname.
 *
 * @throws AgentError `invalid` when the folder cannot be made or written.
 */
export async function instanceOf(prefix: string): Promise<string> {
  const file = path.join(prefix, 'instance');
  try {
    await mkdir(prefix, { recursive: true, mode: 0o700 });
    await writeFile(file, `${randomUUID()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new AgentError('invalid', `Cannot write to the prefix ${prefix}: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }
  return (await readFile(file, 'utf8')).trim();
}

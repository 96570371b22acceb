import { mkdir, readdir, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './hawser.js';

/**
 * A cache of its own holds only this test's fleets; a fleet's directory goes last, after everything that it names. What was
 * downloaded and built for this machine is shared.
 */
export async function privateCache(t: ExecutionContext) {
  const cache = await temporaryFolder(t);
  const own = path.join(cache, 'hawser');
  const shared = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'hawser');
  await mkdir(own, { mode: 0o700 });
  for (const name of await readdir(shared)) {
    if (name !== 'fleets') await symlink(path.join(shared, name), path.join(own, name));
  }
  return { env: { XDG_CACHE_HOME: cache }, fleets: () => readdir(path.join(own, 'fleets')) };
}

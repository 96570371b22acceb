import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { readConfigFile } from '../fleet/read-config-file.js';
import { type ConnectionKey, filesNamedBy } from './connection-settings.js';

/**
 * What a person trusts, in one number: the keys with their values, and what is in the files of the directory itself that they
 * name: a `known_hosts` that comes with the directory decides whom we talk to as much as its name does.
 *
 * @throws CliError `usage` for a file of the directory that cannot be read.
 */
export async function digestOfKeys(folder: string, keys: readonly ConnectionKey[]): Promise<string> {
  const files: [file: string, content: string | null][] = [];
  for (const file of new Set(filesNamedBy(keys))) {
    if (file.startsWith('~/') || !(await liesIn(folder, file))) continue;
    const found = await readConfigFile(path.resolve(folder, file));
    files.push([file, found === undefined ? null : sha256(found.content)]);
  }
  return sha256(JSON.stringify({ keys: keys.map(({ key, values }) => [key, values]), files }));
}

async function liesIn(folder: string, file: string): Promise<boolean> {
  if (!path.isAbsolute(file)) return true;
  const [inner, outer] = await Promise.all([real(file), real(folder)]);
  return inner.startsWith(`${outer}${path.sep}`);
}

async function real(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    // One that is not there yet is what it says.
    return path.resolve(file);
  }
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

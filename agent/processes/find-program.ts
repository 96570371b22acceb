import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * The path of an executable file, absolute if `cwd` is: resolved against `cwd` if it has a slash, else the first
 * match in `searchPath`.
 */
export function findProgram(name: string, searchPath = '', cwd = ''): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : searchPath.split(path.delimiter).map((folder) => path.join(folder, name));
  return candidates.map((file) => (cwd === '' ? file : path.resolve(cwd, file))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile(); // directories are "executable" too
  } catch {
    return false; // missing or not executable: continue the search
  }
}

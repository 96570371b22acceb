import { homedir } from 'node:os';
import path from 'node:path';

/** A path that may begin with `~/`, as a shell would have it. */
export function expandHome(file: string): string {
  return file.startsWith('~/') ? path.join(homedir(), file.slice(2)) : file;
}

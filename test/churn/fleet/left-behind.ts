import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command lines of processes that work in a directory. */
export function processesIn(folder: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.flatMap((pid) => {
    try {
      const line = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ');
      return line.includes(`${folder}/`) ? [`${pid} ${line}`] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

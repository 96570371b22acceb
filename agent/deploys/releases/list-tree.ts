import { readdir } from 'node:fs/promises';

/** Something in a directory; paths are bytes, as names on Linux are. */
export interface ListedEntry {
  readonly path: Buffer;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

const SLASH = Buffer.from('/');

/** All that lies in a directory, each directory before what it holds. Links are not followed. */
export async function listTree(folder: string | Buffer): Promise<ListedEntry[]> {
  const found: ListedEntry[] = [];
  const ahead = [Buffer.from(folder)];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([at, SLASH, entry.name]);
      found.push({ path, isFile: entry.isFile(), isDirectory: entry.isDirectory() });
      if (entry.isDirectory()) ahead.push(path);
    }
  }
  return found;
}

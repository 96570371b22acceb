import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { matchesGlob } from '../../../base/match-wildcards.js';

/** The files that an Include names, sorted; every part of the path may have wildcards. */
export async function expandInclude(pattern: string): Promise<string[]> {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = ['/'];
  for (const part of parts) {
    const deeper = await Promise.all(found.map((folder) => entriesOf(folder, part)));
    found = deeper.flat();
  }
  return found;
}

/** Where relative Includes of a file start. */
export function includeFolder(
  file: string,
  { home, systemFile }: { home: string; systemFile: string },
): string {
  return file === systemFile || file.startsWith(`${dirname(systemFile)}/`)
    ? dirname(systemFile)
    : `${home}/.ssh`;
}

async function entriesOf(folder: string, part: string): Promise<string[]> {
  if (!/[*?[]/.test(part)) return [join(folder, part)];
  try {
    const names = await readdir(folder);
    const isVisible = (name: string) => part.startsWith('.') || !name.startsWith('.');
    return names
      .filter((name) => isVisible(name) && matchesGlob(part, name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    // A missing directory matches nothing, as with glob(3).
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '../pages/page.js';

/** What TypeDoc calls an argument that is taken apart where it is received. */
const TAKEN_APART = '__namedParameters';

/**
 * The pages that TypeDoc wrote, as they are to be in the site.
 * @param folder where it wrote them
 * @param place where they are to be
 */
export function libraryPages(folder: string, place: string): Page[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  );
  return files.sort().map((file) => ({
    file: path.posix.join(place, file),
    text: readFileSync(path.join(folder, file), 'utf8').replaceAll(TAKEN_APART, 'options'),
  }));
}

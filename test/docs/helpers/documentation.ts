import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';
import { type ParsedPage, parsePage } from './parse-page.js';

/** A page with what can be checked of it. */
export interface DocumentationPage extends ParsedPage {
  /** Relative to the project. */
  readonly file: string;
}

/** Pages of the documentation, the README among them. @throws Error naming page and line of a mark that is wrong */
export async function documentation(): Promise<DocumentationPage[]> {
  const docs = await readdir(path.join(projectFolder, 'docs'), { recursive: true });
  const files = ['README.md', ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
  return Promise.all(
    files.sort().map(async (file) => {
      const text = await readFile(path.join(projectFolder, file), 'utf8');
      try {
        return { file, ...parsePage(text) };
      } catch (error) {
        throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }),
  );
}

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fenced } from '../reference/markdown.js';
import type { Page } from './page.js';
import { type Places, rewriteLinks } from './rewrite-links.js';

/** What is for those who change hawser, and where it is in the site. */
const PROJECT_PAGES = new Map([
  ...['README', 'CHANGELOG', 'ARCHITECTURE', 'CONTRIBUTING', 'RELEASING', 'SECURITY'].map(
    (name) => [`${name}.md`, `project/${name.toLowerCase()}.md`] as const,
  ),
  ['site/README.md', 'project/documentation.md'],
]);

const EXAMPLES = 'examples';

/** The pages that people wrote, with links between them as they are in the site. @throws Error if one leads nowhere */
export async function collectPages(project: string): Promise<Page[]> {
  const docs = await filesBelow(path.join(project, 'docs'), /\.md$/);
  const examples = await filesBelow(path.join(project, EXAMPLES), /^[^.]/);
  const folders = [...new Set(examples.map((file) => path.posix.dirname(`${EXAMPLES}/${file}`)))];
  const places: Places = new Map([
    ...docs.map((file) => [`docs/${file}`, placeOf(file, docs)] as const),
    ...PROJECT_PAGES,
    ...examples.map((file) => [`${EXAMPLES}/${file}`, examplePlace(file)] as const),
    ...folders.map((folder) => [folder, `${folder}/index.md`] as const),
  ]);
  const written = await Promise.all(
    [...docs.map((file) => `docs/${file}`), ...PROJECT_PAGES.keys()].map(async (source) => {
      const text = await readFile(path.join(project, source), 'utf8');
      return { file: places.get(source) ?? '', text: rewriteLinks(text, source, places) };
    }),
  );
  const shown = await Promise.all(
    examples.map(async (file) =>
      examplePage(file, await readFile(path.join(project, EXAMPLES, file), 'utf8')),
    ),
  );
  return [...written, ...shown, ...folders.map((folder) => exampleList(folder, shown))];
}

/** Pictures and whatever else pages show: copied as they are. */
export async function collectAssets(project: string): Promise<string[]> {
  const found = await readdir(path.join(project, 'docs'), { recursive: true });
  return found.filter((file) => /\.(svg|png)$/.test(file));
}

/** The first page of the documentation is that of the site. */
function placeOf(file: string, docs: readonly string[]): string {
  const first = docs.includes('index.md') ? 'index.md' : 'README.md';
  if (file === first) return 'index.md';
  return file.replace(/(^|\/)README\.md$/, '$1index.md');
}

function examplePlace(file: string): string {
  return `${EXAMPLES}/${file.replace(/\.ts$/, '').replace(/\.(?=[^/]*$)/, '-')}.md`;
}

/** A file as a page. */
function examplePage(file: string, text: string): Page {
  const name = path.posix.basename(file);
  const title = name.endsWith('.ts') ? titleOf(name.replace(/\.ts$/, '')) : name;
  const language = path.posix.extname(file).slice(1);
  return { file: examplePlace(file), text: `# ${title}\n\n${fenced(language, text.trimEnd())}\n` };
}

function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function exampleList(folder: string, examples: readonly Page[]): Page {
  const links = examples
    .filter(({ file }) => path.posix.dirname(file) === folder)
    .map(({ file, text }) => {
      const [, title = ''] = /^# (.*)$/m.exec(text) ?? [];
      return `- [${title}](${path.posix.basename(file)})`;
    });
  const title =
    folder === EXAMPLES ? 'Programs that use the library' : `Examples: ${path.posix.basename(folder)}`;
  return { file: `${folder}/index.md`, text: `# ${title}\n\n${links.join('\n')}\n` };
}

async function filesBelow(folder: string, wanted: RegExp): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

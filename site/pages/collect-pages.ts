import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from './page.js';
import { type Places, rewriteLinks } from './rewrite-links.js';

/** What stands at the top of the project, and where it is in the site. */
const PROJECT_PAGES = new Map(
  ['README', 'CHANGELOG', 'ARCHITECTURE', 'CONTRIBUTING', 'RELEASING', 'SECURITY'].map((name) => [
    `${name}.md`,
    `project/${name.toLowerCase()}.md`,
  ]),
);

const EXAMPLES = 'examples';

/** The pages that people wrote, with links between them as they are in the site. @throws Error if one leads nowhere */
export async function collectPages(project: string): Promise<Page[]> {
  const docs = await filesBelow(path.join(project, 'docs'), '.md');
  const programs = await filesBelow(path.join(project, EXAMPLES), '.ts');
  const places: Places = new Map([
    ...docs.map((file) => [`docs/${file}`, placeOf(file, docs)] as const),
    ...PROJECT_PAGES,
    ...programs.map((file) => [`${EXAMPLES}/${file}`, examplePlace(file)] as const),
    [EXAMPLES, `${EXAMPLES}/index.md`],
  ]);
  const written = await Promise.all(
    [...docs.map((file) => `docs/${file}`), ...PROJECT_PAGES.keys()].map(async (source) => {
      const text = await readFile(path.join(project, source), 'utf8');
      return { file: places.get(source) ?? '', text: rewriteLinks(text, source, places) };
    }),
  );
  const examples = await Promise.all(
    programs.map(async (file) =>
      examplePage(file, await readFile(path.join(project, EXAMPLES, file), 'utf8')),
    ),
  );
  return [...written, ...examples, exampleList(examples)];
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
  return `${EXAMPLES}/${file.replace(/\.ts$/, '.md')}`;
}

/** A program as a page: what its first comment says, then the program. */
function examplePage(file: string, program: string): Page {
  const title = path.basename(file, '.ts').replaceAll('-', ' ');
  const heading = `# ${title.charAt(0).toUpperCase()}${title.slice(1)}`;
  return { file: examplePlace(file), text: `${heading}\n\n\`\`\`ts\n${program}\`\`\`\n` };
}

function exampleList(examples: readonly Page[]): Page {
  const links = examples.map(({ file, text }) => {
    const [, title = ''] = /^# (.*)$/m.exec(text) ?? [];
    return `- [${title}](${path.posix.relative(EXAMPLES, file)})`;
  });
  return { file: `${EXAMPLES}/index.md`, text: `# Programs that use the library\n\n${links.join('\n')}\n` };
}

async function filesBelow(folder: string, extension: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true });
  return found.filter((file) => file.endsWith(extension)).sort();
}

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const docs = (await readdir(path.join(root, 'docs'), { recursive: true })).map((name) => `docs/${name}`);
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'RELEASING.md',
  'SECURITY.md',
  'site/README.md',
  ...docs.filter((name) => name.endsWith('.md')),
];

/** A path of this repository in backticks, where it does not stand for any number of them. */
const PATH = /`((?:base|tunnel|world|agent|cli|fixtures|examples|site|test|docs)\/[\w./-]*)`/g;

function read(page: string): Promise<string> {
  return readFile(path.join(root, page), 'utf8');
}

/** The anchor of a heading, as GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md']) {
  test(`each file and directory that ${page} names exists`, async (t) => {
    const named = [...(await read(page)).matchAll(PATH)].map(([, name = '']) => name);
    t.true(named.length > 0);
    t.deepEqual(
      named.filter((name) => !existsSync(path.join(root, name))),
      [],
    );
  });
}

test('each test that docs/explanation/security.md names exists', async (t) => {
  const [, table = ''] = (await read('docs/explanation/security.md')).split('| attack | FILE |');
  const named = [...table.matchAll(/`([\w/-]+)`/g)].map(([, name = '']) => name);
  t.true(named.length > 30);
  t.deepEqual(
    named.filter((name) => !existsSync(path.join(root, 'test', `${name}.test.ts`))),
    [],
  );
});

test('each link between the pages leads to a page, and to a heading of it', async (t) => {
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    for (const [, target = ''] of (await read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      links += 1;
      const [file = '', wanted] = target.split('#');
      const other = file === '' ? page : path.join(path.dirname(page), file);
      const headings = existsSync(path.join(root, other)) ? await headingsOf(other) : undefined;
      if (headings === undefined || (wanted !== undefined && !headings.includes(wanted)))
        broken.push(`${page}: ${target}`);
    }
  }
  t.true(links > 20);
  t.deepEqual(broken, []);
});

/** The places of a page that a link can lead to; none of a directory. */
async function headingsOf(page: string): Promise<string[]> {
  if (!page.endsWith('.md')) return [];
  const text = await read(page);
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)];
}

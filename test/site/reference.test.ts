import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT_CODES } from '../../cli/exit-codes.js';
import { Interrupts } from '../../cli/interrupts.js';
import { program } from '../../cli/program.js';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { fillIn } from '../../site/pages/fill-in.js';
import { planSidebar } from '../../site/pages/plan-sidebar.js';
import { commandPages } from '../../site/reference/command-pages.js';
import { exitCodesTable } from '../../site/reference/exit-codes-table.js';
import { keysTable } from '../../site/reference/keys-table.js';
import { code, escapeText } from '../../site/reference/markdown.js';
import { schemaTable } from '../../site/reference/schema-table.js';

test('each command has a page with the options and the example of its help', async (t) => {
  using interrupts = new Interrupts();
  const root = await program({ version: '', interrupts, exitCode: EXIT_CODES.done });
  const pages = new Map(commandPages(root).map(({ file, text }) => [file, text]));
  t.true(pages.size > 30);
  t.false(pages.has('reference/commands/help.md'));
  t.false(pages.has('reference/commands/bridge.md'));
  const page = pages.get('reference/commands/deploys.md') ?? '';
  t.regex(page, /^# hawser deploys\n/);
  t.regex(page, /^## hawser deploys list$/m);
  t.regex(page, /^\| `--json` \| .+ \|$/m);
  t.regex(page, /^\$ hawser deploys /m);
});

test('a key is named by its comment, or by its value where the comment names several', (t) => {
  const source = [
    '/** `/agents/$hostname`: an agent\n * that is alive. */',
    "export const AGENTS = '/agents/';",
    '/** `/a/$key` is one thing, `/b/$key` another. */',
    "export const A = '/a/';",
    "const HIDDEN = '/hidden/';",
  ].join('\n');
  t.is(
    keysTable(source, { AGENTS: '/agents/', A: '/a/' }),
    '| key | what it holds |\n| --- | --- |\n| `/agents/$hostname` | An agent that is alive. |\n| `/a/` | `/a/$key` is one thing, `/b/$key` another. |',
  );
});

test('each exit code is listed with the errors that end with it', (t) => {
  t.regex(exitCodesTable(), /^\| `4` \| Refused for safety\. \| .*`host-key-changed`.* \|$/m);
});

test('a schema is a table of its keys, also of those below others', (t) => {
  const schema = {
    type: 'object',
    properties: {
      health: { type: 'object', description: 'Whether it works.', properties: { http: { type: 'string' } } },
      keep: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      hosts: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { ssh: { type: 'string' } } },
      },
      batch: {
        anyOf: [
          { type: 'integer', minimum: 1 },
          { type: 'array', items: { type: 'string' } },
        ],
      },
    },
  };
  t.deepEqual(schemaTable(schema).split('\n').slice(2), [
    '| `health` | mapping | Whether it works. |',
    '| `health.http` | text |  |',
    '| `keep` | whole number from 1 |  |',
    '| `hosts` | mapping |  |',
    '| `hosts.NAME` | mapping |  |',
    '| `hosts.NAME.ssh` | text |  |',
    '| `batch` | whole number from 1 or list of text |  |',
  ]);
});

test('texts of the code cannot become markup', (t) => {
  t.is(escapeText('a <b> | *c* {{ d }}'), 'a \\<b\\> \\| \\*c\\* \\{\\{ d \\}\\}');
  t.is(code('a|`b'), '``a\\|`b``');
});

test('generated parts go where pages want them; one too many or too few is an error', (t) => {
  const page = { file: 'a.md', text: '# A\n\n<!-- generated: keys -->\n' };
  t.deepEqual(fillIn([page], { keys: 'KEYS' }), [{ file: 'a.md', text: '# A\n\nKEYS\n' }]);
  t.throws(() => fillIn([page], {}), { message: 'a.md wants keys, which nothing generates.' });
  t.throws(() => fillIn([page], { keys: '', more: '' }), { message: 'No page has a place for more.' });
});

test('every entry point of the package is documented', (t) => {
  const read = (file: string) => readFileSync(path.join(projectFolder, file), 'utf8');
  const { exports }: { exports: Readonly<Record<string, { readonly types?: string }>> } = JSON.parse(
    read('package.json'),
  );
  const { entryPoints }: { entryPoints: readonly string[] } = JSON.parse(read('site/typedoc.json'));
  const page = read('docs/reference/library.md');
  const names = Object.entries(exports).filter(([, { types }]) => types !== undefined);
  t.true(names.length > 4);
  for (const [name, { types = '' }] of names) {
    t.true(entryPoints.includes(types.replace('./dist/', '../').replace('.d.ts', '.ts')), name);
    t.true(page.includes(`| \`${name.replace('.', 'hawser')}\` |`), name);
  }
});

test('the sidebar has the pages in the order in which the first page links to them', (t) => {
  const page = (file: string, title: string, more = '') => ({ file, text: `# ${title}\n${more}` });
  const sidebar = planSidebar([
    page('how-to/b.md', 'B'),
    page('how-to/a.md', 'A'),
    page('how-to/c.md', '`C`'),
    page('tutorial.md', 'Tutorial: begin here'),
    page('index.md', 'Documentation', '[c](how-to/c.md) [b](how-to/b.md#x)'),
  ]);
  t.deepEqual(sidebar, [
    {
      text: 'Start',
      collapsed: false,
      items: [
        { text: 'Documentation', link: '/' },
        { text: 'Tutorial: begin here', link: '/tutorial' },
      ],
    },
    {
      text: 'How to',
      collapsed: false,
      items: [
        { text: 'C', link: '/how-to/c' },
        { text: 'B', link: '/how-to/b' },
        { text: 'A', link: '/how-to/a' },
      ],
    },
  ]);
});

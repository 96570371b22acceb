import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';

const read = (file: string) => readFile(join(projectFolder, file), 'utf8');
const page = await read('docs/dependencies.md');
const { dependencies, devDependencies } = JSON.parse(await read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** The rows of the tables below a heading, by the package that each is about. */
function rowsBelow(heading: string): Map<string, readonly string[]> {
  const [, below = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = below.split('\n## ');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((line) => {
      const [name = '', ...cells] = line.split('|').slice(1, -1);
      return [name.trim().replaceAll('`', ''), cells.map((cell) => cell.trim())];
    }),
  );
}

const installed = rowsBelow('At run time');
const inside = rowsBelow('Inside of the bundles');
const tools = rowsBelow('To build and test');

test('docs/dependencies.md has a row for each direct dependency, and none too many', (t) => {
  t.deepEqual([...installed.keys()].sort(), Object.keys(dependencies).sort());
  t.deepEqual([...inside.keys(), ...tools.keys()].sort(), Object.keys(devDependencies).sort());
});

test('each row says what it is for, its newest release, what it pulls in, and what if it dies', (t) => {
  const all = { ...dependencies, ...devDependencies };
  for (const [name, cells] of [...installed, ...inside, ...tools]) {
    const [purpose = '', newest = '', pullsIn = '', end = ''] = cells;
    t.is(cells.length, 4, name);
    t.true(purpose.length > 5 && end.length > 10, name);
    t.regex(newest, /^\d+\.\d+\.\d+, \d+ [A-Z][a-z]{2} 20\d\d( \(\d+\.\d+\.\d+ here.*\))?$/, name);
    t.true(
      newest.includes(`${all[name]}`),
      `${name}: the page speaks of ${newest}, and ${all[name]} is used`,
    );
    t.regex(pullsIn, /^\d+, \d+\.\d MB/, name);
  }
});

test('what is inside of the bundles is in their licences, and nothing else is imported from outside', async (t) => {
  const licences = await read('dist/THIRD-PARTY-LICENSES.txt');
  for (const name of [...inside.keys(), 'ssh2', 'etcd3', '@grpc/grpc-js'])
    t.regex(licences, new RegExp(`^=+\\n${name} [\\d.]+ \\(.+\\)\\n\\n.{3}`, 'm'), name);
  // Most of them are MIT's, whose text has to go along.
  t.true(licences.split('WITHOUT WARRANTY OF ANY KIND').length > 30);
  const library = await Promise.all(
    ['index', 'tunnel', 'world', 'agent'].map((name) => read(`dist/lib/${name}.js`)),
  );
  const imported = library.flatMap((text) =>
    [...text.matchAll(/from ['"]([^'".][^'"]*)['"]/g)].map(([, name]) => name),
  );
  const outside = imported.filter((name = '') => !name.startsWith('node:') && !(name in dependencies));
  t.deepEqual(outside, []);
});

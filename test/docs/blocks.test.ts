import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import { parse } from 'yaml';
import { parseFleetFile } from '../../cli/fleet/file/parse-fleet-file.js';
import { Interrupts } from '../../cli/interrupts.js';
import { parseConfig, parseManifest } from '../../cli/manifest/parse-hawser-yaml.js';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { commandLineChecker } from './helpers/check-command-line.js';
import { documentation } from './helpers/documentation.js';
import { type Block, commandsOf } from './helpers/parse-page.js';
import { hawserCalls } from './helpers/split-shell-line.js';

const pages = await documentation();

interface PlacedBlock extends Block {
  /** Page and line. */
  readonly place: string;
}

/** The blocks of some languages, but for those that a mark excepts. */
function blocks(...languages: string[]): PlacedBlock[] {
  return pages.flatMap(({ file, items }) =>
    items
      .filter((item) => item.kind === 'block')
      .filter(({ language, marks }) => languages.includes(language) && !marks.has('unchecked'))
      .map((block) => ({ ...block, place: `${file}:${block.line}` })),
  );
}

test('whoever excepts a block says why', (t) => {
  for (const { file, items } of pages) {
    for (const item of items) {
      if (item.kind !== 'block') continue;
      for (const name of ['unchecked', 'not run']) t.not(item.marks.get(name), '', `${file}:${item.line}`);
    }
  }
});

test.serial('each command line is one that hawser takes', async (t) => {
  using interrupts = new Interrupts();
  const problemOf = await commandLineChecker(interrupts);
  let calls = 0;
  for (const block of blocks('sh', 'console')) {
    for (const { command, line } of commandsOf(block)) {
      for (const args of hawserCalls(command)) {
        calls += 1;
        const place = block.place.replace(/\d+$/, `${line}`);
        t.is(await problemOf(args), undefined, `${place}: hawser ${args.join(' ')}`);
      }
    }
  }
  t.true(calls > 50);
});

test('each file in YAML is one that hawser takes, and editors too', (t) => {
  for (const { text, place, marks } of blocks('yaml'))
    t.deepEqual(problemsOfYaml(text, marks.get('yaml')), [], place);
});

function problemsOfYaml(text: string, kind: string | undefined): readonly string[] {
  const value: unknown = parse(text);
  if (kind === 'other') return [];
  if (kind === 'fleet') {
    parseFleetFile(text, '/fleets/prod.yaml');
    return problemsBySchema('fleet', value);
  }
  const keys: Readonly<Record<string, unknown>> = Object(value);
  const isApp = ['run', 'processes', 'health', 'hooks', 'rollout'].some((key) => key in keys);
  // Part of a file may have no name, nor what it runs.
  const whole = { name: 'web', ...('processes' in keys ? {} : { run: ['true'] }), ...keys };
  const read = isApp ? parseManifest(whole) : parseConfig(value);
  return 'problems' in read ? read.problems : problemsBySchema('hawser', value);
}

const ajv = new Ajv2020({ allowUnionTypes: true, validateFormats: false });

/** What an editor would say. */
function problemsBySchema(name: 'hawser' | 'fleet', value: unknown): readonly string[] {
  const file = path.join(projectFolder, 'dist', `${name}.schema.json`);
  const { $id, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
  const validate = ajv.compile(schema);
  return validate(value) ? [] : [ajv.errorsText(validate.errors)];
}

test('each text in JSON is JSON', (t) => {
  const texts = blocks('json');
  for (const { text, place } of texts) t.notThrows(() => JSON.parse(text), place);
  t.pass();
});

test.serial('each program compiles against the package', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-blocks-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(projectFolder, path.join(folder, 'node_modules/hawser'));
  await symlink(path.join(projectFolder, 'node_modules/@types'), path.join(folder, 'node_modules/@types'));
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  const files = blocks('ts', 'js').map(({ place, text, language }) => ({
    name: `${place.replace(/\W+/g, '-')}.${language === 'ts' ? 'ts' : 'mts'}`,
    text: withContext(text),
  }));
  t.true(files.length > 3);
  for (const { name, text } of files) await writeFile(path.join(folder, name), text);
  const tsc = path.join(projectFolder, 'node_modules/typescript/bin/tsc');
  const options =
    '--ignoreConfig --noEmit --strict --skipLibCheck --target es2022 --lib es2023,esnext.disposable --module nodenext --types node';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [tsc, ...options.split(' '), ...files.map(({ name }) => name)],
    { cwd: folder },
  ).catch((error: { readonly stdout: string }) => error);
  t.is(stdout, '');
});

/** Part of a program has a World at hand. */
function withContext(text: string): string {
  const isWhole = /^import /m.test(text) || /\b(const|let) world\b/.test(text);
  return isWhole
    ? `${text}\nexport {};\n`
    : `declare const world: import('hawser').SshWorld;\n${text}\nexport {};\n`;
}

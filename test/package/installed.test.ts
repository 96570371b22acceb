import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { npmEnvironment, quietInstall } from './helpers/npm.js';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const run = promisify(execFile);
/** The first on the PATH of this name. */
async function findProgram(name: string): Promise<string> {
  return (await run('sh', ['-c', `command -v ${name}`])).stdout.trim();
}

/** A PATH on which there is nothing but Node, npm and a shell: no compiler, no Python, no git. */
async function barePath(): Promise<string> {
  const folder = join(consumer, 'bin');
  await mkdir(folder);
  for (const name of ['node', 'npm', 'sh']) await symlink(await findProgram(name), join(folder, name));
  return folder;
}

/** An empty project of somebody else, with hawser installed from the package that would be published. */
let consumer = '';
let packed: Packed;
let said = '';
let bare: NodeJS.ProcessEnv = {};

test.before(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'hawser-consumer-'));
  const pack = await run('npm', ['pack', '--json', '--pack-destination', consumer], {
    cwd: projectFolder,
    env: npmEnvironment,
  });
  [packed] = JSON.parse(pack.stdout) as [Packed];
  await writeFile(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['install', ...quietInstall, '--prefix', consumer, join(consumer, packed.filename)];
  bare = { ...npmEnvironment, PATH: await barePath() };
  said = (await run(await findProgram('npm'), install, { cwd: consumer, env: bare })).stderr;
});
test.after.always(() => rm(consumer, { recursive: true, force: true }));

const installed = (path: string) => join(consumer, 'node_modules', 'hawser', path);

test('it installs on this Node without a warning about it', (t) => {
  t.notRegex(said, /EBADENGINE/);
});

test('the installed command runs', async (t) => {
  const { version } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as { version: string };
  const command = join(consumer, 'node_modules', '.bin', 'hawser');
  const { stdout } = await run(command, ['--version'], { env: bare });
  t.is(stdout.trim(), version);
});

test('every entry point loads, and they share their classes', async (t) => {
  const { exports } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  const names = Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === 'string' ? [] : [`hawser${path.slice(1)}`],
  );
  t.true(names.length > 4);
  const program = `
    const names = ${JSON.stringify(names)};
    const [all, ...parts] = await Promise.all(names.map((name) => import(name)));
    const differing = parts.flatMap((part) => Object.keys(part).filter((key) => key in all && all[key] !== part[key]));
    console.log(JSON.stringify(differing), parts.every((part) => Object.keys(part).length > 0));`;
  await writeFile(join(consumer, 'load.mjs'), program);
  const { stdout, stderr } = await run(process.execPath, [join(consumer, 'load.mjs')]);
  t.deepEqual([stdout, stderr], ['[] true\n', '']);
});

test('it takes no more room than docs/dependencies.md says', async (t) => {
  const page = await readFile(installed('docs/dependencies.md'), 'utf8');
  const [, stated] = /\*\*The installed size is (\d+) MB\*\*/.exec(page) ?? [];
  const folder = join(consumer, 'node_modules');
  const paths = await readdir(folder, { recursive: true });
  let blocks = 0;
  for (const path of paths) blocks += (await lstat(join(folder, path))).blocks;
  const megabytes = (blocks * 512) / 1e6;
  t.true(megabytes <= Number(stated), `${megabytes} MB`);
  t.true(megabytes > Number(stated) * 0.8, `it is ${megabytes} MB now: say so`);
});

test('it holds what it links to, no tests, and nothing that only this Node takes', async (t) => {
  const paths = packed.files.map(({ path }) => path);
  const own = paths.filter((path) => !path.startsWith('node_modules/'));
  t.deepEqual(
    own.filter((path) => /(^|\/)test\/|\.test\.|\.tsbuildinfo$|\.compiled$/.test(path)),
    [],
  );
  for (const path of [
    'LICENSE',
    'SECURITY.md',
    'docs/explanation/security.md',
    'fixtures/hello/hawser.yaml',
  ]) {
    t.true(own.includes(path), path);
  }
  const readme = await readFile(installed('README.md'), 'utf8');
  const index = await readFile(installed('docs/index.md'), 'utf8');
  const links = [
    ...[...readme.matchAll(/\]\((docs\/[^)#]+)/g)].map(([, path = '']) => path),
    ...[...index.matchAll(/\]\((\w[^)#:]+\.md)/g)].map(([, path = '']) => `docs/${path}`),
  ];
  t.true(links.length > 4);
  for (const link of links) t.true(own.includes(link), link);
});

test('its source maps hold our sources', async (t) => {
  const maps = packed.files.filter(({ path }) => path.startsWith('dist/') && path.endsWith('.map'));
  const sources = new Map<string, string | null>();
  for (const { path } of maps) {
    const map = JSON.parse(await readFile(installed(path), 'utf8')) as {
      readonly sources: readonly string[];
      readonly sourcesContent: readonly (string | null)[];
    };
    for (const [index, source] of map.sources.entries())
      sources.set(source, map.sourcesContent[index] ?? null);
  }
  const ours = [...sources].filter(([source]) => !source.includes('node_modules/'));
  t.true(ours.length > 250, String(ours.length));
  for (const [source, content] of ours) t.regex(content ?? '', /\S/, source);
});

for (const [name, flags] of [
  ['module node16', ['--module', 'node16']],
  ['moduleResolution bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
] as const) {
  test(`a strict program compiles against it under ${name}`, async (t) => {
    const files = await writePrograms(name.replace(' ', '-'));
    const compiler = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    const target = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node'];
    const args = [compiler, ...strict, ...target, ...flags, ...files];
    // The compiler says on its standard output what is wrong.
    const failure = await run(process.execPath, args, { cwd: consumer }).then(
      () => undefined,
      (error: { stdout: string; stderr: string }) => `failed: ${error.stdout}${error.stderr}`,
    );
    t.is(failure, undefined);
  });
}

/** One that takes every entry point, and those that the docs show. */
async function writePrograms(prefix: string): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const entries = Object.keys(exports).filter((path) => !path.endsWith('.json'));
  const imports = entries.map((path, index) => `import * as e${index} from 'hawser${path.slice(1)}';`);
  const names = entries.map((_, index) => `e${index}`).join(', ');
  // The last line fails to compile if the types are missing and everything is `any`.
  const all = `${imports.join('\n')}\nexport const all = [${names}];\n// @ts-expect-error\ne0.noSuchName;\n`;
  const page = await readFile(installed('docs/reference/world.md'), 'utf8');
  const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const programs = [all, ...shown];
  const files = programs.map((_, index) => join(consumer, `${prefix}-${index}.ts`));
  for (const [index, file] of files.entries()) await writeFile(file, `${programs[index]}export {};\n`);
  return files;
}

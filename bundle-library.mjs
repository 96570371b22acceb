// Makes dist/lib/ out of the compiled library: one file for each entry point of package.json and each program that is
// started from a file of its own, and what they share. The package then needs no pure JavaScript of others when it is
// installed: only what talks to the network stays a dependency, so that mends of it do not wait for a release of hawser.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const inProject = (path) => fileURLToPath(new URL(path, import.meta.url));
const { exports, dependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

/** Programs and workers, where a module names the file of another one. */
const PROGRAM = /new URL\('(\.\/[\w-]+\.js)', import\.meta\.url\)/g;
const LIBRARY = /\/dist\/(agent|base|fixtures|testing|tunnel|world)\//;
const OWN = /\/dist\/(agent|base|cli|fixtures|testing|tunnel|world)\/.*\.js$/;

/** The name in dist/lib/ of a program, given by its compiled file. */
const nameOf = (file) => relative(inProject('dist'), file).replaceAll('/', '-').replace(/\.js$/, '');

/**
 * Files that a module looks for beside its own are found from a bundle, too: programs in dist/lib/, others where the package
 * is. In a bundle `distUrl` is the URL of dist/.
 */
export const ownPlaces = {
  name: 'places of our own modules',
  setup({ onLoad }) {
    onLoad({ filter: OWN }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url') || path.endsWith('/world/client/internals/etcd3.js'))
        return undefined;
      const place = JSON.stringify(relative(inProject('dist'), path));
      const contents = text
        .replaceAll(
          PROGRAM,
          (_, file) => `new URL('lib/${nameOf(resolve(dirname(path), file))}.js', distUrl)`,
        )
        .replaceAll('import.meta.url', `new URL(${place}, distUrl).href`);
      return { contents, loader: 'js' };
    });
  },
};

/** What the compiler has made of the library. */
function compiled(extension) {
  const files = readdirSync(inProject('dist'), { recursive: true }).map((file) => inProject(`dist/${file}`));
  return files.filter((file) => LIBRARY.test(file) && file.endsWith(extension));
}

/** The compiled files of the programs. */
function programs() {
  return compiled('.js').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(PROGRAM)].map(([, name]) => resolve(dirname(file), name)),
  );
}

/**
 * Declarations name types of zod, which no consumer has to have: it is inside of the files. None of what they say of it is part
 * of the API, so it is enough that the names are there.
 */
function declareWithoutZod(outdir) {
  const names = new Set();
  for (const file of compiled('.d.ts')) {
    const text = readFileSync(file, 'utf8');
    if (!/from '(zod|[./]+lib\/zod\.js)'/.test(text)) continue;
    for (const [, name] of text.matchAll(/\bz\.((?:core\.)?[$\w]+)/g)) names.add(name);
    const place = relative(dirname(file), `${inProject('dist/lib')}/zod.js`);
    writeFileSync(file, text.replaceAll("from 'zod'", `from '${place}'`));
  }
  const declare = (name) => `  type ${name}<A = unknown, B = unknown> = { readonly _zod?: [A, B] };\n`;
  const sorted = [...names].sort();
  const own = sorted.filter((name) => !name.includes('.')).map(declare);
  const core = sorted.filter((name) => name.includes('.')).map((name) => declare(name.slice('core.'.length)));
  const spaces = `namespace z {\n${own.join('')}  namespace core {\n${core.join('')}  }\n}`;
  writeFileSync(`${outdir}/zod.d.ts`, `export declare ${spaces}\n`);
}

/** Maps lead to our own sources; those of others would be as large again. */
function dropSourcesOfOthers(file) {
  const map = JSON.parse(readFileSync(file, 'utf8'));
  const contents = map.sources.map((source, index) =>
    source.includes('node_modules/') ? null : map.sourcesContent[index],
  );
  writeFileSync(file, JSON.stringify({ ...map, sourcesContent: contents }));
}

/** The name of an entry point in dist/lib/, which alone is published. */
function libraryName(file) {
  const [, name] = /^\.\/dist\/lib\/([\w-]+)\.js$/.exec(file) ?? [];
  if (name === undefined) throw new Error(`package.json exports ${file}, which is not in dist/lib/`);
  return name;
}

/** @returns what went into it, as esbuild tells it */
export async function bundleLibrary({ version, plugins }) {
  const entries = Object.values(exports).filter(({ types }) => types !== undefined);
  const entryPoints = Object.fromEntries([
    ...entries.map((entry) => [libraryName(entry.default), inProject(entry.types.replace('.d.ts', '.js'))]),
    ['fixtures', inProject('dist/fixtures/index.js')],
    ...programs().map((file) => [nameOf(file), file]),
  ]);
  // Another process may use the one of before meanwhile.
  const outdir = inProject('dist/lib.new');
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    chunkNames: '[hash]',
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'error',
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    banner: {
      js: [
        "import { createRequire as requireFrom } from 'node:module';",
        'const require = requireFrom(import.meta.url);',
        "const distUrl = new URL('../', import.meta.url);",
      ].join('\n'),
    },
    define: { HAWSER_VERSION: JSON.stringify(version) },
    plugins: [...plugins, ownPlaces],
  });
  for (const file of readdirSync(outdir)) if (file.endsWith('.map')) dropSourcesOfOthers(`${outdir}/${file}`);
  declareWithoutZod(outdir);
  rmSync(inProject('dist/lib'), { recursive: true, force: true });
  renameSync(outdir, inProject('dist/lib'));
  return metafile;
}

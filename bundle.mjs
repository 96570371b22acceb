// Makes one file out of the compiled program, dist/bundle/program.cjs, since loading one file takes half the time of
// loading hundreds; the same compressed, hawser.cjs.gz, which `hawser up` puts on hosts; hawser.cjs, the command that npm
// installs, which starts the program; and what this Node compiled of it. Equal sources give equal bytes, except for the
// last, which is not published. Also makes the JSON Schema of hawser.yaml, and the manual. Runs after the compiler.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { deferred, loadingAtOnce } from './bundle-deferred.mjs';
import { bundleLibrary, ownPlaces } from './bundle-library.mjs';
import { licencesOf } from './bundle-licences.mjs';
import { protocolModule } from './bundle-protocol.mjs';

const inProject = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

/** Its own `require` would be another module's. */
const replaced = /\/world\/client\/internals\/etcd3\.js$/;

/** Replaces texts in a file, each of which it has once. */
function replacing(filter, replacements) {
  return {
    name: `replace in ${filter}`,
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => {
        const replace = (whole, [text, replacement]) => {
          const [before, after, ...more] = whole.split(text);
          if (after === undefined || more.length > 0) throw new Error(`${path} does not have "${text}" once`);
          return `${before}${replacement}${after}`;
        };
        return {
          contents: Object.entries(replacements).reduce(replace, readFileSync(path, 'utf8')),
          loader: 'js',
        };
      });
    },
  };
}

/** etcd's protocol, of which etcd3 would make functions at each start, after reading it from a file beside its own. */
const protocol = {
  name: "etcd's protocol",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^hawser:protocol$/ }, ({ resolveDir }) => ({
      path: 'protocol',
      namespace: 'etcd',
      pluginData: createRequire(`${resolveDir}/`).resolve('@grpc/proto-loader'),
    }));
    onLoad({ filter: /^protocol$/, namespace: 'etcd' }, ({ pluginData: loader }) => ({
      contents: protocolModule(),
      resolveDir: dirname(loader),
    }));
  },
};

/** Stay outside: hosts do without them. */
const optional = {
  name: 'native modules, and what only a laptop does',
  setup({ onResolve }) {
    onResolve({ filter: /^cpu-features$/ }, () => ({ path: 'cpu-features', external: true }));
    onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => {
      const [, file] = resolve(resolveDir, path).split('/node_modules/');
      return { path: file, external: true };
    });
    onResolve({ filter: /^\.\/load-(fixtures|testing)\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Only texts that are not ASCII need string-width, and loading it takes a tenth of what a command takes to start. */
const widthOfAscii = {
  name: 'string-width when it is needed',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'string-width', namespace: 'ascii' },
    );
    onLoad({ filter: /^string-width$/, namespace: 'ascii' }, () => ({
      contents:
        "export default (text) => /^[ -~]*$/.test(text) ? text.length : require('string-width').default(text);",
      resolveDir: inProject('.'),
    }));
  },
};

/** Half a megabyte that nobody asks for: an editor's encodings, and errors of zod in fifty languages. */
const unused = {
  name: 'parts that are never used',
  setup({ onLoad }) {
    onLoad({ filter: /\/@inquirer\/external-editor\/dist\/index\.js$/ }, () => ({
      contents: 'export function editAsync() { throw new Error("There is no editor."); }',
    }));
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

const common = {
  platform: 'node',
  target: 'node20',
  charset: 'ascii',
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
};

/**
 * The parts that esbuild makes of the program: of what `import()` loads, and of what several of these share. Each becomes the
 * text of a function, which does not import by itself, since what was compiled ahead cannot.
 */
async function chunksOf(entry, define, plugins) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { main: inProject(entry) },
    outdir: '/',
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    format: 'esm',
    define,
    plugins,
  });
  const supported = { 'dynamic-import': false };
  const chunkOf = async ({ path, text }) => {
    const { code } = await transform(loadingAtOnce(text), { ...common, format: 'cjs', supported });
    return [`.${path}`, `function(require,module,distUrl,__filename,__dirname){${code}}`];
  };
  return { chunks: await Promise.all(outputFiles.map(chunkOf)), metafile };
}

/** The program as one file that needs no other, and where it has each chunk. */
async function programOf(chunks, main) {
  const { runChunks } = await import('./dist/cli/start/load-program.js');
  const { code: run } = await transform(
    `(${runChunks})(${JSON.stringify(main)},__filename,(name)=>chunks[name],require);`,
    common,
  );
  let text = '"use strict";const chunks={\n';
  const places = {};
  for (const [name, chunk] of chunks) {
    text += `${JSON.stringify(name)}:`;
    places[name] = [text.length, chunk.length];
    text += `${chunk},\n`;
  }
  return { text: `${text}};\n${run}`, table: { main, places } };
}

const withoutRequire = replacing(replaced, { 'const require = createRequire(import.meta.url);': '' });
const { chunks, metafile } = await chunksOf('dist/cli/main.js', { HAWSER_VERSION: JSON.stringify(version) }, [
  replacing(/\/etcd3\/lib\/connection-pool\.js$/, {
    'require("@grpc/proto-loader")': 'require("hawser:protocol")',
    '(0, proto_loader_1.loadSync)(`${__dirname}/../proto/rpc.proto`, {':
      'proto_loader_1.packageDefinition; void ({',
  }),
  protocol,
  // A client of one server needs no server, nor how load is told to others.
  replacing(/\/@grpc\/grpc-js\/build\/src\/index\.js$/, {
    'require("./server")': 'undefined',
    'require("./server-credentials")': 'undefined',
    'require("./server-interceptors")': 'undefined',
    'require("./admin")': 'undefined',
    'require("./orca")': 'undefined',
    'require("./load-balancer-weighted-round-robin")': 'undefined',
    'load_balancer_weighted_round_robin.setup();': '',
    'channelz.setup();': '',
  }),
  replacing(/\/@grpc\/grpc-js\/build\/src\/channelz\.js$/, {
    "require('@grpc/proto-loader')": 'undefined',
    'require("./admin")': 'undefined',
  }),
  deferred,
  withoutRequire,
  // What was compiled ahead cannot import by itself.
  replacing(/\/cli\/demo\/load-fixtures\.js$/, {
    "import('../../fixtures/index.js')": "require('./load-fixtures.cjs')()",
  }),
  replacing(/\/cli\/lab\/load-testing\.js$/, {
    "import('../../testing/index.js')": "require('./load-testing.cjs')()",
  }),
  widthOfAscii,
  optional,
  unused,
  ownPlaces,
]);
const { text: program, table } = await programOf(chunks, './main.js');
// It is read as such, and its chunks are found by their places.
if (Buffer.byteLength(program) !== program.length) throw new Error('The program is not all ASCII.');
const hash = createHash('sha256').update(program).digest('hex').slice(0, 16);
const { outputFiles: command } = await build({
  ...common,
  entryPoints: [inProject('dist/cli/start/start.js')],
  bundle: true,
  write: false,
  format: 'cjs',
  define: { HAWSER_COMPILED: JSON.stringify(hash) },
  banner: { js: "const distUrl=new URL('../',require('node:url').pathToFileURL(__filename));" },
  plugins: [ownPlaces],
});

const folder = inProject('dist/bundle');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/program.cjs`, program);
writeFileSync(`${folder}/hawser.cjs`, command[0].contents);
for (const name of ['fixtures', 'testing'])
  writeFileSync(`${folder}/load-${name}.cjs`, `module.exports = () => import('../lib/${name}.js');\n`);
const compiled = `${folder}/${hash}-${process.version}-${process.arch}.compiled`;
const { status } = spawnSync(
  process.execPath,
  [inProject('dist/cli/start/compile-ahead.js'), `${folder}/program.cjs`, compiled],
  { input: JSON.stringify(table), stdio: ['pipe', 'ignore', 'inherit'] },
);
if (status !== 0) throw new Error(`compiling ahead ended with ${status}`);
const library = await bundleLibrary({ version, plugins: [withoutRequire, unused] });
writeFileSync(inProject('dist/THIRD-PARTY-LICENSES.txt'), licencesOf([metafile, library]));
// For editors.
const { manifestJsonSchema } = await import('./dist/cli/manifest/manifest-json-schema.js');
const { fleetJsonSchema } = await import('./dist/cli/fleet/file/fleet-json-schema.js');
const { makeJsonSchemas } = await import('./dist/cli/json-output/make-json-schemas.js');
const writeJson = (file, content) => writeFileSync(inProject(file), `${JSON.stringify(content, null, 1)}\n`);
writeJson('dist/hawser.schema.json', manifestJsonSchema());
writeJson('dist/fleet.schema.json', fleetJsonSchema());
rmSync(inProject('dist/schemas'), { recursive: true, force: true });
mkdirSync(inProject('dist/schemas'));
for (const { file, content } of makeJsonSchemas()) writeJson(`dist/schemas/${file}`, content);
const { makeManPages } = await import('./dist/cli/help/make-man-pages.js');
rmSync(inProject('dist/man'), { recursive: true, force: true });
mkdirSync(inProject('dist/man'));
for (const { file, text } of await makeManPages(version)) writeFileSync(inProject(`dist/man/${file}`), text);
// Last, because a build is complete once it is there.
writeFileSync(`${folder}/hawser.cjs.gz`, gzipSync(program, { level: 9 }));

// Makes the one file that `hawser up` puts on hosts out of the compiled program: dist/bundle/hawser.cjs, and the same
// compressed. Equal sources give equal bytes. Runs after the compiler.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const inProject = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

/** Replaces the only occurrence of a text in a file. */
function replacing(filter, text, replacement) {
  return {
    name: `replace in ${filter}`,
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => {
        const [before, after, ...more] = readFileSync(path, 'utf8').split(text);
        if (after === undefined || more.length > 0) throw new Error(`${path} does not have "${text}" once`);
        return { contents: `${before}${replacement()}${after}`, loader: 'js' };
      });
    },
  };
}

/** etcd's protocol, which etcd3 would read from a file beside its own. */
function protocol() {
  const loader = createRequire(require.resolve('etcd3')).resolve('@grpc/proto-loader');
  const protobuf = createRequire(loader)('protobufjs');
  const file = createRequire(require.resolve('etcd3')).resolve('../proto/rpc.proto');
  const root = new protobuf.Root().loadSync(file, { keepCase: true });
  return `(0, proto_loader_1.fromJSON)(${JSON.stringify(root.toJSON())}, {`;
}

const withoutNativeModules = {
  name: 'leave out native modules and what only a laptop does',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /(^cpu-features$|\.node$)/ }, () => ({ path: 'native', namespace: 'absent' }));
    onResolve({ filter: /\/fixtures\/index\.js$/ }, () => ({ path: 'fixtures', namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('The program on a host has no ${path}.');`,
    }));
  },
};

const { outputFiles } = await build({
  entryPoints: [inProject('dist/cli/main.js')],
  bundle: true,
  write: false,
  outfile: 'hawser.cjs',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl', HAWSER_VERSION: JSON.stringify(version) },
  plugins: [
    replacing(
      /\/etcd3\/lib\/connection-pool\.js$/,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in etcd3
      '(0, proto_loader_1.loadSync)(`${__dirname}/../proto/rpc.proto`, {',
      protocol,
    ),
    replacing(
      /\/world\/client\/internals\/etcd3\.js$/,
      'const require = createRequire(import.meta.url);',
      () => '',
    ),
    withoutNativeModules,
  ],
});
const folder = inProject('dist/bundle');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { contents } of outputFiles) {
  writeFileSync(`${folder}/hawser.cjs`, contents);
  writeFileSync(`${folder}/hawser.cjs.gz`, gzipSync(contents, { level: 9 }));
}

// Modules of ours that are evaluated when they are used for the first time, and not when a command starts: the parts of
// the World that most commands do not use, and what is read beside what a command does.
import { readFileSync } from 'node:fs';

/** Which imports of which files. What these import must only be called, and inside functions. */
const DEFERRED = [
  [
    /\/dist\/world\/client-world\.js$/,
    /^\.\/(agents|cluster|client\/concurrency|deploys|fs|locks-api|resources|scheduler|strings\/string-maps)\b/,
  ],
  [/\/dist\/world\/(etcd|ssh|forwarded)-world\.js$/, /^\.\/fs\//],
  [/\/dist\/cli\/versions\/warn-of-other-versions\.js$/, /\/registered-agents\.js$/],
];

const IMPORT = /^import \{ ([^}]+) \} from '([^']+)';$/gm;

/** Stands around an `import()`, for which esbuild makes a chunk, until the chunk is loaded at once instead. */
const LOAD = 'hawserLoad';

/** The text of a chunk, which loads at once what is deferred in it. */
export function loadingAtOnce(text) {
  return text.replaceAll(new RegExp(`\\b${LOAD}\\(import\\(("[^"]+")\\)\\)`, 'g'), 'require($1)');
}

/** The text of a module with these imports deferred. */
function defer(text, isDeferred) {
  const found = [...text.matchAll(IMPORT)].filter(([, , from]) => isDeferred.test(from));
  return found.reduce((rest, [whole, names, from], index) => {
    const load = `let deferred${index}; const load${index} = () => (deferred${index} ??= ${LOAD}(import('${from}')));`;
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .reduce(
        (before, name) => {
          if (!/^\w+$/.test(name)) throw new Error(`cannot defer "${name}" of ${from}`);
          return before.replaceAll(new RegExp(`(?<![.\\w#])${name}(?=\\()`, 'g'), `(load${index}().${name})`);
        },
        rest.replace(whole, load),
      );
  }, text);
}

export const deferred = {
  name: 'modules that are evaluated when they are used',
  setup({ onLoad }) {
    for (const [filter, isDeferred] of DEFERRED)
      onLoad({ filter }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const contents = defer(text, isDeferred);
        if (contents === text) throw new Error(`${path} imports nothing that is deferred`);
        return { contents, loader: 'js' };
      });
  },
};

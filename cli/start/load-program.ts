/** A part of the program as the bundle holds it: the text of such a function makes what its `module` exports. */
export type Chunk = (
  require: Load,
  module: LoadedChunk,
  distUrl: URL,
  filename: string,
  folder: string,
) => void;

type Load = (name: string) => unknown;

interface LoadedChunk {
  exports: unknown;
}

/**
 * Runs the program, whose chunks are loaded when they are needed: most commands need few of them. The bundle has the text
 * of this function, so it uses nothing from around it.
 *
 * @param file where the program is, for what it looks for beside itself
 * @param outside loads what is no chunk
 */
export function runChunks(
  main: string,
  file: string,
  find: (name: string) => Chunk | undefined,
  outside: NodeJS.Require,
): void {
  const { pathToFileURL } = outside('node:url') as typeof import('node:url');
  const { dirname } = outside('node:path') as typeof import('node:path');
  const distUrl = new URL('../', pathToFileURL(file));
  const loaded = new Map<string, LoadedChunk>();
  const load: Load = (name) => {
    const done = loaded.get(name);
    if (done !== undefined) return done.exports;
    const chunk = find(name);
    if (chunk === undefined) return outside(name);
    const module: LoadedChunk = { exports: {} };
    loaded.set(name, module);
    chunk(load, module, distUrl, file, dirname(file));
    return module.exports;
  };
  load(main);
}

import { readFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

type LoadedModule = { exports: unknown };
type ModuleFunction = (
  exports: unknown,
  require: NodeJS.Require,
  module: LoadedModule,
  filename: string,
  folder: string,
) => void;

/**
 * The program in a file, compiled as Node compiles CommonJS modules, with what V8 made of the same file before. V8
 * refuses what another version of it made, and compiles instead.
 *
 * @param file all ASCII, without a `#!` and without `import()`, which fails in what V8 made before
 */
export function compileProgram(file: string, cachedData?: Buffer): Script {
  return new Script(nodeModule.wrap(readFileSync(file, 'latin1')), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
}

/** Runs it as the module that it is. */
export function runProgramFile(script: Script, file: string): void {
  const loaded: LoadedModule = { exports: {} };
  const run = script.runInThisContext() as ModuleFunction;
  run.call(loaded.exports, loaded.exports, createRequire(file), loaded, file, dirname(file));
}

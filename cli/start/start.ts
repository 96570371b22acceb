#!/usr/bin/env node
import { mkdirSync, statSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompiledFile } from './compiled-file.js';
import { runChunks } from './load-program.js';

// Compiling the whole program takes longer than all else that a short command does. So it comes compiled where it was
// built; elsewhere, a Node that can do so keeps what it compiled for the next start.

declare const HAWSER_COMPILED: string;

const file = fileURLToPath(new URL('../../bundle/program.cjs', import.meta.url));

function openCompiled(): CompiledFile | undefined {
  const name = `${HAWSER_COMPILED}-${process.version}-${process.arch}.compiled`;
  try {
    return new CompiledFile(fileURLToPath(new URL(`../../bundle/${name}`, import.meta.url)), file);
  } catch {
    return undefined;
  }
}

/** Since Node 22.1, in the person's own cache. What lies there is run, so nobody else may be able to change it. */
function keepCompiled(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache === undefined || process.env['NODE_COMPILE_CACHE']) return;
  const { HOME = '', XDG_CACHE_HOME = '' } = process.env;
  const cache = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME, '.cache');
  const folder = join(cache, 'hawser', 'compiled');
  try {
    // Not in the home of somebody else, which root may have after "sudo".
    if (!isAbsolute(cache) || !isOurs(isAbsolute(XDG_CACHE_HOME) ? cache : HOME)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOurs(folder)) enableCompileCache(folder);
  } catch {
    // No home, or no space in it: it starts as it did before.
  }
}

function isOurs(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}

const compiled = openCompiled();
if (compiled === undefined) {
  keepCompiled();
  createRequire(file)(file);
} else {
  runChunks(compiled.main, file, (name) => compiled.find(name), createRequire(file));
}

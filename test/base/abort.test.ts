import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { timeLimit } from '../../base/abort.js';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';

/** Run with `--expose-gc`. */
const PROGRAM = `
  import { setTimeout as delay } from 'node:timers/promises';
  const { timeLimit } = await import(process.argv[1]);
  const other = new AbortController();
  const aborted = new Promise((resolve) => {
    const inner = AbortSignal.any([other.signal, timeLimit(20)]);
    AbortSignal.any([inner, other.signal]).addEventListener('abort', (event) => resolve(event.target.reason.name));
  });
  globalThis.gc();
  const never = delay(60_000, 'never', { signal: other.signal });
  console.log(await Promise.race([aborted, never]));
  process.exit();
`;

test('a time limit holds, also where only a signal made of it is known and memory is tidied up', async (t) => {
  const module = path.join(projectFolder, 'dist/base/abort.js');
  const args = ['--expose-gc', '--input-type=module', '--eval', PROGRAM, module];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  t.is(stdout, 'TimeoutError\n');
  t.is((timeLimit(60_000) as AbortSignal).aborted, false);
});

test('nothing uses the time limit of Node, which is lost where only AbortSignal.any depends on it', async (t) => {
  const using: string[] = [];
  for (const folder of ['agent', 'base', 'cli', 'fixtures', 'testing', 'tunnel', 'world']) {
    for (const name of await readdir(path.join(projectFolder, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const text = await readFile(path.join(projectFolder, folder, name), 'utf8');
      if (text.includes('AbortSignal.timeout(')) using.push(`${folder}/${name}`);
    }
  }
  t.deepEqual(using, []);
});

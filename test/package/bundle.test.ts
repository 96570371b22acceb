import { execFile } from 'node:child_process';
import { copyFile, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { temporaryFolder } from '../cli/helpers/hawser.js';

const run = promisify(execFile);
const bundle = 'dist/bundle/hawser.cjs';

test('What hosts are sent is less than a megabyte', async (t) => {
  const { size } = await stat(`${bundle}.gz`);
  t.true(size < 1_000_000, `${size} bytes`);
});

test('The one file runs where nothing else of hawser is', async (t) => {
  const alone = path.join(await temporaryFolder(t), 'hawser.cjs');
  await copyFile(bundle, alone);
  const hawser = async (...args: readonly string[]) =>
    (await run(process.execPath, [alone, ...args], { cwd: path.dirname(alone) })).stdout;
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  t.is(await hawser('--version'), `${version}\n`);
  t.regex(await hawser('run', '--help'), /^Usage: hawser run /);
  t.regex(await hawser('members', 'recover', '--help'), /^Usage: hawser members recover /);
});

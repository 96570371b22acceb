import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import nodeModule from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../cli/helpers/hawser.js';

const run = promisify(execFile);
const bundle = 'dist/bundle';
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
const compiled = (await readdir(bundle)).filter((name) => name.endsWith('.compiled'));

/** The built command elsewhere, with some of the files beside it. */
async function copyCommand(t: ExecutionContext, ...others: readonly string[]) {
  const folder = path.join(await temporaryFolder(t), 'dist', 'bundle');
  await mkdir(folder, { recursive: true });
  for (const name of ['hawser.cjs', ...others])
    await copyFile(path.join(bundle, name), path.join(folder, name));
  const home = path.dirname(path.dirname(folder));
  const hawser = async (...args: readonly string[]) =>
    (await run(process.execPath, [path.join(folder, 'hawser.cjs'), ...args], { env: { HOME: home } })).stdout;
  return { folder, home, hawser };
}

/** Which packs V8 refuses, as V8 compiled them or as other bytes; in a process without flags of V8, which would decide as well. */
async function refusals(name: string, data: string): Promise<boolean[]> {
  const files = [name, 'program.cjs'].map((one) => JSON.stringify(path.resolve(bundle, one)));
  const script = `import { CompiledFile, compile } from './dist/cli/start/compiled-file.js';
    const refused = ({ text, data }) => compile(text, 'pack', ${data}).cachedDataRejected;
    console.log(JSON.stringify(new CompiledFile(${files.join()}).packs.map(refused)));`;
  return JSON.parse((await run(process.execPath, ['--input-type=module', '--eval', script])).stdout);
}

test('What hosts are sent is less than a megabyte', async (t) => {
  const { size } = await stat(`${bundle}/hawser.cjs.gz`);
  t.true(size < 1_000_000, `${size} bytes`);
});

test('The one file that hosts are sent runs where nothing else of hawser is', async (t) => {
  const alone = path.join(await temporaryFolder(t), 'hawser.cjs');
  await writeFile(alone, gunzipSync(await readFile(`${bundle}/hawser.cjs.gz`)));
  const hawser = async (...args: readonly string[]) =>
    (await run(process.execPath, [alone, ...args], { cwd: path.dirname(alone) })).stdout;
  t.is(await hawser('--version'), `${version}\n`);
  t.regex(await hawser('run', '--help'), /^Usage: hawser run /);
  t.regex(await hawser('members', 'recover', '--help'), /^Usage: hawser members recover /);
});

test('The program is compiled ahead for the Node that built it', async (t) => {
  t.deepEqual(
    compiled.map((name) => name.replace(/^[0-9a-f]{16}-/, '')),
    [`${process.version}-${process.arch}.compiled`],
  );
  const [name = ''] = compiled;
  const ours = await refusals(name, 'data');
  t.true(ours.length > 5);
  t.false(ours.some((isRefused) => isRefused));
  t.true((await refusals(name, "Buffer.from('of another version')")).every((isRefused) => isRefused));
});

test('The command runs with what was compiled ahead, with what V8 refuses, and with nothing', async (t) => {
  const [name = ''] = compiled;
  const ahead = await copyCommand(t, 'program.cjs', name);
  t.is(await ahead.hawser('--version'), `${version}\n`);
  const whole = await readFile(path.join(ahead.folder, name), 'latin1');
  for (const other of [
    'of another version',
    whole.slice(0, -1),
    `${whole.slice(0, 50_000)}${whole.slice(60_000)}`,
  ]) {
    await writeFile(path.join(ahead.folder, name), other, 'latin1');
    t.is(await ahead.hawser('--version'), `${version}\n`);
  }
  t.deepEqual(await readdir(ahead.home), ['dist']);
  const { home, hawser } = await copyCommand(t, 'program.cjs');
  t.is(await hawser('--version'), `${version}\n`);
  // Newer versions of Node keep what they compiled.
  const keeps = 'enableCompileCache' in nodeModule;
  t.deepEqual(await readdir(home), keeps ? ['.cache', 'dist'] : ['dist']);
});

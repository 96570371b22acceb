import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { programFile } from '../../fixtures/fleet/project-paths.js';
import type { World } from '../../world/index.js';
import { DirectEtcd } from '../cli/helpers/direct-etcd.js';
import { temporaryFolder } from '../cli/helpers/hawser.js';

const page = await readFile(new URL('../../../docs/reference/world.md', import.meta.url), 'utf8');

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

/** The fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  );
}

/** What a line prints in a shell whose `hawser` reaches the etcd of this test. */
async function inShell(line: string, home: string): Promise<string> {
  const hawser = `hawser() { '${process.execPath}' '${programFile}' "$@" --seeds '${fleet.etcd.url}'; }`;
  const env = { PATH: process.env['PATH'], HOME: home };
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', `${hawser}; ${line}`], {
    cwd: home,
    env,
  });
  return stdout + stderr;
}

/** Matches the text, with anything where it has `…`. */
function asShown(text: string): RegExp {
  const literal = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}\\s*$`);
}

test.serial('each example for the shell prints what the page shows', async (t) => {
  const home = await temporaryFolder(t);
  const examples = blocks('console').flatMap((block) => block.split(/^\$ /m).filter((text) => text !== ''));
  t.true(examples.length > 10);
  for (const example of examples) {
    const [line = '', ...expected] = example.trimEnd().split('\n');
    t.regex(await inShell(line, home), asShown(expected.join('\n')), line);
  }
});

test.serial('each example for the library runs', async (t) => {
  await using world = fleet.world('laptop');
  const folder = await temporaryFolder(t);
  const examples = blocks('js');
  t.true(examples.length > 4);
  for (const [index, example] of examples.entries()) {
    const file = path.join(folder, `example${index}.mjs`);
    await writeFile(file, `export async function run(world, console) {\n${example}\n}\n`);
    const said: unknown[] = [];
    const { run } = (await import(pathToFileURL(file).href)) as {
      run(world: World, console: { log(...values: unknown[]): void }): Promise<void>;
    };
    await run(world, { log: (...values) => said.push(values) });
    t.true(said.length > 0, example);
  }
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import test from 'ava';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { parsePage } from '../docs/helpers/parse-page.js';
import { lastingLeftovers } from '../fixtures/helpers/leftovers.js';
import { npmEnvironment, quietInstall } from '../package/helpers/npm.js';

const run = promisify(execFile);
/** The newest Vitest does not take Node 20. */
const runners = ['vitest@3.2.4', 'ava@7.0.0', 'jest@30.5.2'];
let consumer = '';

/** An empty project of somebody else, with hawser as published, ssh2, the runners, and the files of the page. */
test.before(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'hawser-runners-'));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer];
  const { stdout } = await run('npm', pack, { cwd: projectFolder, env: npmEnvironment });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await writeFile(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
  const packages = [join(consumer, filename), 'ssh2@1.17.0', ...runners];
  await run('npm', ['install', ...quietInstall, ...packages], { cwd: consumer, env: npmEnvironment });
  const page = await readFile(join(projectFolder, 'docs', 'testing.md'), 'utf8');
  for (const item of parsePage(page).items) {
    const file = item.kind === 'block' ? item.marks.get('file') : undefined;
    if (item.kind === 'block' && file !== undefined) await writeFile(join(consumer, file), item.text);
  }
});
test.after.always(() => rm(consumer, { recursive: true, force: true }));

const calls: readonly (readonly [runner: string, args: readonly string[], passed: RegExp])[] = [
  ['vitest', ['node_modules/vitest/vitest.mjs', 'run', 'is-up.test.ts'], /Tests\s+1 passed/],
  ['ava', ['node_modules/ava/entrypoints/cli.mjs', 'ava.test.js'], /1 test passed/],
  [
    'jest',
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      'jest.test.cjs',
      '--testMatch',
      '**/jest.test.cjs',
    ],
    /Tests:\s+1 passed/,
  ],
  ['node:test', ['--test', 'node.test.js'], /pass 1\b/],
];

for (const [runner, args, passed] of calls) {
  test.serial(`${runner} runs the test of docs/testing.md against real hosts`, async (t) => {
    // Without what this runner hands to the processes that it starts.
    const env = { ...process.env, NO_COLOR: '1', CI: '1', NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };
    const said = await run(process.execPath, args, { cwd: consumer, env }).then(
      ({ stdout, stderr }) => `${stdout}${stderr}`,
      (error: { stdout: string; stderr: string }) => `failed: ${error.stdout}${error.stderr}`,
    );
    t.regex(said, passed);
    t.notRegex(said, /^failed/);
  });
}

test.serial('every fault of hosts that are processes comes from the package alone', async (t) => {
  const program = `import { startFleet } from 'hawser/testing';
    const fleet = await startFleet({ hosts: 1, backend: 'processes' });
    const { faults } = fleet.host('h1');
    for (const break_ of [() => fleet.cut('h1'), () => fleet.delay('h1', 50), () => fleet.clock('h1', 60_000),
      () => fleet.freeze('h1'), () => fleet.kill('h1')]) {
      await break_();
    }
    console.log((await faults.describe()).join());
    await fleet.heal();
    console.log('well' + (await faults.describe()).join());
    await fleet.close();`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: consumer,
  });
  t.is(stdout, 'killed,cut off,clock +60 s,delayed by 50 ms\nwell\n');
});

test.serial('a fleet of the package is gone when whoever started it is killed', async (t) => {
  const program = `import { startFleet } from 'hawser/testing';
    const { id, folder } = await startFleet({ hosts: 2 });
    console.log(JSON.stringify({ id, folder }));
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: consumer });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { id, folder } = JSON.parse(String(line)) as { id: string; folder: string };
  t.true(existsSync(folder));
  child.kill('SIGKILL');
  t.deepEqual(await lastingLeftovers(id, folder), []);
});

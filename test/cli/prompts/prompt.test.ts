import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { connectionFlags, hawser, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let fleet: TestFleet;

test.before(async () => {
  fleet = await startFleet({ hosts: 1, agents: true });
});
test.after.always(() => fleet?.close());

async function appFolder(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: files\n');
  // Else there would be nothing to deploy.
  await writeFile(path.join(folder, 'where'), folder);
  return folder;
}

async function deploys(): Promise<number> {
  const { stdout } = await hawser(['deploys', 'list', '--json', ...connectionFlags(fleet)]);
  return JSON.parse(stdout).length;
}

test.serial('on a terminal the person is asked, and Enter goes ahead', async (t) => {
  const cwd = await appFolder(t);
  const terminal = hawserInTerminal(t, ['deploy', '.', ...connectionFlags(fleet)], { cwd });
  await terminal.shows(/Deploy files as deploy 1 to h1\?/);
  t.is(await deploys(), 0);
  terminal.type('\r');
  t.is(await terminal.exited, 0, terminal.screen());
  t.regex(terminal.screen(), /Deploy 1 of files is healthy on h1\./);
});

test.serial('no means that nothing is deployed', async (t) => {
  const before = await deploys();
  const terminal = hawserInTerminal(t, ['deploy', '.', ...connectionFlags(fleet)], {
    cwd: await appFolder(t),
  });
  await terminal.shows(/\?/);
  terminal.type('n\r');
  t.is(await terminal.exited, 1);
  t.regex(terminal.screen(), /othing was deployed/);
  t.is(await deploys(), before);
});

for (const [keys, name] of [
  ['\x03', '^C'],
  ['\x04', '^D'],
  ['y\x04', '^D behind an answer'],
] as const) {
  test.serial(`${name} at the question ends with 130 and no stack trace`, async (t) => {
    const before = await deploys();
    const terminal = hawserInTerminal(t, ['deploy', '.', ...connectionFlags(fleet)], {
      cwd: await appFolder(t),
    });
    await terminal.shows(/\?/);
    terminal.type(keys);
    t.is(await terminal.exited, 130);
    t.notRegex(terminal.screen(), /\n\s+at /);
    t.is(await deploys(), before);
  });
}

test.serial('--yes asks nothing on a terminal', async (t) => {
  const cwd = await appFolder(t);
  const terminal = hawserInTerminal(t, ['deploy', '.', '--yes', ...connectionFlags(fleet)], { cwd });
  t.is(await terminal.exited, 0, terminal.screen());
  t.notRegex(terminal.screen(), /\?/);
});

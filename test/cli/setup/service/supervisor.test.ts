import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SUPERVISOR } from '../../../../cli/setup/service/service-files.js';
import { PATHS } from '../../../../cli/setup/service/service-paths.js';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { temporaryFolder } from '../../helpers/hawser.js';

const LIMIT = 20_000;

/** The supervisor as it is on hosts, with all its files in one directory, a small log, and eyes that are often open. */
async function startSupervisor(
  t: ExecutionContext,
  agent: string,
): Promise<{ readonly child: ChildProcess; readonly log: string; readonly pidFile: string }> {
  const folder = await temporaryFolder(t);
  const script = SUPERVISOR.replaceAll(PATHS.log, path.join(folder, 'log'))
    .replaceAll(PATHS.agentScript, path.join(folder, 'agent'))
    .replaceAll('/run/', `${folder}/`)
    .replaceAll('10485760', String(LIMIT))
    .replaceAll('sleep 30', 'sleep 0.05');
  t.regex(script, /sleep 0\.05/);
  t.false(/\/(opt|run|var)\/(hawser|log)/.test(script));
  const file = path.join(folder, 'supervisor');
  await writeFile(file, script, { mode: 0o755 });
  await writeFile(path.join(folder, 'agent'), agent, { mode: 0o755 });
  const child = spawn(file, { stdio: 'ignore', detached: true });
  t.teardown(() => signalGroup(child, 'SIGKILL'));
  return { child, log: path.join(folder, 'log'), pidFile: path.join(folder, 'hawser-supervisor.pid') };
}

/** Whether any process that it began is there. */
function groupLives(child: ChildProcess): boolean {
  return signalGroup(child, 0);
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

test("The agent's log is rotated while it runs, and nothing is left of the supervisor at its end", async (t) => {
  const agent = `#!/bin/sh
echo "began as $$"
while :; do
  for _ in 1 2 3 4 5 6 7 8 9; do echo "a line of the agent, which goes on writing all the time"; done
  sleep 0.01
done
`;
  const { child, log, pidFile } = await startSupervisor(t, agent);
  await waitUntil('the log was rotated', () => existsSync(`${log}.1`));
  const before = (await stat(`${log}.1`)).ino;
  await waitUntil('it was rotated again', async () => (await stat(`${log}.1`)).ino !== before);
  t.true((await stat(`${log}.1`)).size <= LIMIT);
  t.is((await stat(`${log}.1`)).mode & 0o777, 0o600);
  await waitUntil('the agent goes on', async () => (await readFile(log, 'utf8')).includes('a line of'));
  // What appends does not leave a hole, and nobody started it again.
  t.notRegex(await readFile(log, 'utf8'), /\0|began as/);
  t.is(await readFile(pidFile, 'utf8'), `${child.pid}\n`);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await exited, [0, null]);
  t.false(existsSync(pidFile));
  await waitUntil('its processes are gone', () => !groupLives(child));
});

test('An agent that ends is started again', async (t) => {
  const { child, log } = await startSupervisor(t, '#!/bin/sh\necho began\n');
  await waitUntil('it began twice', async () => {
    return existsSync(log) && (await readFile(log, 'utf8')).startsWith('began\nbegan\n');
  });
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await exited, [0, null]);
});

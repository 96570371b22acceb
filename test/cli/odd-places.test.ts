import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { programFile } from '../../fixtures/fleet/project-paths.js';
import { Desk, nowhere, refused, wentThere, wrongUsage } from './helpers/desk.js';
import { hawser, temporaryFolder } from './helpers/hawser.js';

const run = promisify(execFile);

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** Runs the command line by a line of a shell, `"$@"` in it. */
async function byShell(line: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  try {
    const { stderr } = await run('sh', ['-c', line, 'sh', process.execPath, programFile, ...args], {
      env: { PATH: process.env['PATH'], ...env },
    });
    return { code: 0, stderr };
  } catch (error) {
    return error as Ended;
  }
}

test('in a directory that was removed flags and your own configuration count', async (t) => {
  const home = await temporaryFolder(t);
  const inRemoved = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$@"';
  const flags = await byShell(inRemoved, ['status', '--ssh-url', nowhere], { HOME: home });
  t.is(flags.code, wentThere, flags.stderr);
  await mkdir(path.join(home, '.config/hawser'), { recursive: true });
  await writeFile(path.join(home, '.config/hawser/hawser.yaml'), `ssh-url: ${nowhere}\n`, { mode: 0o600 });
  const own = await byShell(inRemoved, ['status'], { HOME: home });
  t.is(own.code, wentThere, own.stderr);
  t.notRegex(own.stderr, /uv_cwd/);
});

test('a HOME that is no directory holds nothing, and a directory is as little trusted', async (t) => {
  const desk = await Desk.make(t);
  const env = { HOME: '/dev/null' };
  const flags = await hawser(['status', '--ssh-url', nowhere], { cwd: desk.home, env });
  t.is(flags.code, wentThere, flags.stderr);
  t.is((await hawser(['status'], { cwd: desk.folder, env })).code, refused);
  t.is((await hawser(['trust', '--list'], { cwd: desk.home, env })).code, 0);
});

test('what you trust cannot be kept in a HOME that is no directory, and that is said', async (t) => {
  const desk = await Desk.make(t);
  const env = { HOME: '/dev/null' };
  const { code, stderr } = await hawser(['trust', desk.folder], { cwd: desk.home, env });
  t.is(code, wrongUsage);
  t.regex(
    stderr,
    /^hawser: Cannot save the directories that you trust in \/dev\/null\/\.config\/hawser\/trusted: part of /m,
  );
  t.notRegex(stderr, /ENOTDIR/);
});

test('an address that this machine cannot connect to is said in words', async (t) => {
  const home = await temporaryFolder(t);
  const { code, stderr } = await hawser(['status', '--ssh-url', 'root@[fe80::1%25lo]:22'], { cwd: home });
  t.is(code, wentThere);
  t.regex(stderr, /this machine cannot connect to such an address/);
});

test('output that cannot be written is said', async (t) => {
  const { code, stderr } = await byShell('exec "$@" >/dev/full', ['trust', '--list'], {
    HOME: '/nonexistent',
  });
  t.is(code, 1);
  t.regex(stderr, /^hawser: Could not write the output: ENOSPC/);
});

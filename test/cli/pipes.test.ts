import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { programFile } from '../../fixtures/fleet/project-paths.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import { nowhere, refused, wentThere, wrongUsage } from './helpers/desk.js';
import { startHawser, temporaryFolder } from './helpers/hawser.js';

const run = promisify(execFile);

const read = ['str', 'get', 'a', '--timeout', '10s'];
const byWay = [...read, '--ssh-url', nowhere];

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** A home with a pipe in it that nobody writes to. */
async function homeWithPipe(t: ExecutionContext, name = 'pipe'): Promise<string> {
  const home = await temporaryFolder(t);
  await mkdir(path.dirname(path.join(home, name)), { recursive: true });
  await run('mkfifo', ['-m', '600', path.join(home, name)]);
  return home;
}

/** Runs a line of bash, the command line as `"$@"` in it; one that hangs is killed, and has no code. */
async function byBash(line: string, args: readonly string[], home: string): Promise<Ended> {
  try {
    const { stderr } = await run('bash', ['-c', line, 'bash', process.execPath, programFile, ...args], {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    return { code: 0, stderr };
  } catch (error) {
    return error as Ended;
  }
}

const flags: readonly (readonly [flags: readonly string[], code: number, problem: RegExp])[] = [
  [['--ssh-known-hosts', 'pipe'], refused, /pipe cannot be read, it is a pipe that nobody writes to/],
  [['--ssh-known-hosts', 'pipe', '--transport', 'openssh'], refused, /pipe is a pipe, which OpenSSH/],
  [['--ssh-id', 'pipe', '--ssh-known-hosts', '/dev/null'], wentThere, /identity pipe .*: it is a pipe/],
  [['--ssh-id', 'pipe', '--transport', 'openssh'], wentThere, /identity pipe .*: it is a pipe/],
  [['--ssh-config', 'pipe'], wrongUsage, /Cannot use pipe: it is a pipe/],
  [['--config', 'pipe'], wrongUsage, /Cannot read pipe: it is a pipe that nobody writes to/],
  [['--fleet', './pipe'], wrongUsage, /Cannot read .*\/pipe: it is a pipe that nobody writes to/],
];

for (const [given, code, problem] of flags) {
  test.serial(`a pipe that nobody writes to ends the command: ${given.join(' ')}`, async (t) => {
    const ended = await byBash('exec "$@"', [...byWay, ...given], await homeWithPipe(t));
    t.is(ended.code, code, ended.stderr);
    t.regex(ended.stderr, problem);
  });
}

for (const given of [
  ['--cacert', 'pipe'],
  ['--cert', 'pipe', '--key', 'pipe'],
]) {
  test.serial(`a pipe is no certificate: ${given.join(' ')}`, async (t) => {
    const args = [...read, '--seeds', 'https://localhost:1', ...given];
    const ended = await byBash('exec "$@"', args, await homeWithPipe(t));
    t.is(ended.code, wrongUsage, ended.stderr);
    t.regex(ended.stderr, /certificate pipe: it is not a regular file/);
  });
}

test.serial('a pipe that a configuration names or that lies in its place ends the command', async (t) => {
  const home = await homeWithPipe(t);
  for (const option of ['UserKnownHostsFile', 'GlobalKnownHostsFile', 'CertificateFile', 'IdentityFile']) {
    await writeFile(path.join(home, 'options'), `Host *\n  ${option} ${home}/pipe\n`, { mode: 0o600 });
    const { code, stderr } = await byBash('exec "$@"', [...byWay, '--ssh-config', 'options'], home);
    t.true(code === refused || code === wentThere, `${option}: ${stderr}`);
    if (option.endsWith('KnownHostsFile')) t.regex(stderr, /pipe cannot be read, it is a pipe/);
  }
  for (const place of ['.ssh/config', '.config/hawser/fleets/prod.yaml', '.config/hawser/hawser.yaml']) {
    const given = place === '.ssh/config' ? byWay : read;
    const { code, stderr } = await byBash('exec "$@"', given, await homeWithPipe(t, place));
    t.is(code, wrongUsage, `${place}: ${stderr}`);
    t.true(stderr.includes(place), stderr);
  }
});

test.serial('a pipe that gives nothing ends with the time that the command has, and at ^C', async (t) => {
  for (const [given, code] of [
    [['--ssh-known-hosts', 'pipe'], refused],
    [['--config', 'pipe'], wrongUsage],
  ] as const) {
    for (const isInterrupted of [false, true]) {
      const home = await homeWithPipe(t);
      const timeout = isInterrupted ? '5m' : '1500ms';
      const args = ['str', 'get', 'a', '--ssh-url', nowhere, '--timeout', timeout, ...given];
      const child = startHawser(args, { cwd: home });
      t.teardown(() => child.kill('SIGKILL'));
      const ended = Promise.all([once(child, 'exit'), text(child.stderr ?? process.stdin)]);
      // Comes about when it is opened to read.
      await using _ = await open(path.join(home, 'pipe'), 'w');
      if (isInterrupted) child.kill('SIGINT');
      const [[exit], stderr] = await ended;
      t.is(exit, isInterrupted ? 130 : code, stderr);
      if (!isInterrupted) t.regex(stderr, /pipe:? .*(was not read to its end in time|reading it timed out)/);
    }
  }
});

test.serial(
  'ssh that waits for a file of its configuration is waited for as long as the command has',
  async (t) => {
    const home = await homeWithPipe(t);
    await writeFile(path.join(home, 'options'), `Include ${home}/pipe\n`, { mode: 0o600 });
    const args = ['str', 'get', 'a', '--ssh-url', nowhere, '--timeout', '2s', '--ssh-config', 'options'];
    const { code, stderr } = await byBash('exec "$@"', args, home);
    t.is(code, wrongUsage, stderr);
    t.regex(stderr, /ssh did not say within 2 s how to connect to "127\.0\.0\.1"/);
  },
);

test.serial('what a shell puts in place of <(command) is read', async (t) => {
  const home = await temporaryFolder(t);
  const config = await byBash(`exec "$@" --config <(echo 'ssh-url: ${nowhere}')`, read, home);
  t.is(config.code, wentThere, config.stderr);

  await using sshd = await Sshd.start();
  const { user, host, port } = sshd.destination;
  const known = path.join(home, 'known');
  await writeFile(known, await readFile(sshd.knownHostsFile));
  const way = ['--ssh-url', `${user}@${host}:${port}`, '--ssh-id', sshd.identityFile];
  const args = ['str', 'get', 'a', '--timeout', '4s', ...way];
  const line = `exec "$@" --seeds http://127.0.0.1:1 --ssh-known-hosts <(cat '${known}')`;
  const { code, stderr } = await byBash(line, args, home);
  t.is(code, wentThere, stderr);
  t.regex(stderr, /127\.0\.0\.1:1 .*(refused|nothing is listening)/);
});

import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { askpassProgram } from '../../../cli/prompts/ask-through-askpass.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { type Result, startHawser, temporaryFolder } from '../helpers/hawser.js';

const run = promisify(execFile);

interface Asking {
  readonly sshd: Sshd;
  readonly home: string;
  readonly args: readonly string[];
  /** For SSH_ASKPASS. */
  readonly program: string;
  /** The questions that the program was run with. */
  questions(): Promise<string[]>;
}

/** An sshd whose key is encrypted, and a program that answers questions with a text. */
async function encryptedKey(t: ExecutionContext, answer: string, isKnown = true): Promise<Asking> {
  const sshd = await Sshd.start();
  t.teardown(() => sshd[Symbol.asyncDispose]());
  const home = await temporaryFolder(t);
  await mkdir(path.join(home, '.ssh'));
  if (isKnown) await writeFile(path.join(home, '.ssh', 'known_hosts'), await readFile(sshd.knownHostsFile));
  await run('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', 'open sesame', '-f', sshd.identityFile]);
  await rm(`${sshd.identityFile}.pub`);
  const program = path.join(home, 'ask me');
  const asked = path.join(home, 'asked');
  const script = `#!/bin/sh\nprintf '%s\\0' "$1" >> '${asked}'\n${answer}\n`;
  await writeFile(program, script, { mode: 0o700 });
  await writeFile(asked, '');
  const { user, host, port } = sshd.destination;
  const args = ['forward', '--ssh-url', `${user}@${host}:${port}`, '--ssh-id', sshd.identityFile];
  const questions = async () => (await readFile(asked, 'utf8')).split('\0').slice(0, -1);
  return { sshd, home, args, program, questions };
}

/** Runs `forward`, without a terminal, until it has printed its address or has ended. */
async function forwards(
  { home, args }: Asking,
  env: NodeJS.ProcessEnv,
): Promise<Pick<Result, 'code' | 'stdout' | 'stderr'>> {
  const child = startHawser(args, { cwd: home, env });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    child.kill('SIGINT');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

test.serial(
  'without a terminal a passphrase is asked for by SSH_ASKPASS, where that is to be so',
  async (t) => {
    const asking = await encryptedKey(t, "echo 'open sesame'");
    const { program } = asking;
    const { stdout, stderr } = await forwards(asking, { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force' });
    t.regex(stdout, /^unix:/, stderr);
    t.notRegex(stdout + stderr, /sesame/);
    t.regex((await asking.questions()).join(), /^Enter passphrase for key '.*'/);
    for (const env of [
      { SSH_ASKPASS_REQUIRE: 'never', DISPLAY: ':0' },
      { SSH_ASKPASS_REQUIRE: 'prefer' },
      {},
    ]) {
      const result = await forwards(asking, { SSH_ASKPASS: program, ...env });
      t.is(result.code, 3, result.stderr);
      t.regex(result.stderr, /ssh-add/);
    }
    t.is((await asking.questions()).length, 1);
  },
);

test.serial('the transport openssh asks by SSH_ASKPASS too', async (t) => {
  const asking = await encryptedKey(t, "echo 'open sesame'");
  const env = { SSH_ASKPASS: asking.program, SSH_ASKPASS_REQUIRE: 'force' };
  const { stdout, stderr } = await forwards(
    { ...asking, args: [...asking.args, '--transport', 'openssh'] },
    env,
  );
  t.regex(stdout, /^unix:/, stderr);
  t.regex((await asking.questions()).join(), /^Enter passphrase for key '.*'/);
});

test.serial('SSH_ASKPASS decides on unknown hosts, and what it does not answer is refused', async (t) => {
  const answer = 'case "$1" in *authenticity*) echo yes;; *) echo "open sesame";; esac';
  const asking = await encryptedKey(t, answer, false);
  const env = { SSH_ASKPASS: asking.program, SSH_ASKPASS_REQUIRE: 'force' };
  const { stdout, stderr } = await forwards(asking, env);
  t.regex(stdout, /^unix:/, stderr);
  t.is((await asking.questions()).length, 2);
  const silent = await encryptedKey(t, 'exit 1', false);
  const refused = await forwards(silent, { ...env, SSH_ASKPASS: silent.program });
  t.is(refused.code, 4, refused.stderr);
  const absent = await forwards(silent, { ...env, SSH_ASKPASS: '/nonexistent/askpass' });
  t.is(absent.code, 4);
  t.regex(absent.stderr, /SSH_ASKPASS.*ENOENT/);
});

test('SSH_ASKPASS is used when OpenSSH would use it', (t) => {
  const program = '/ask';
  const cases: readonly (readonly [
    require: string | undefined,
    display: string,
    inTerminal: boolean,
    without: boolean,
  ])[] = [
    [undefined, '', false, false],
    [undefined, ':0', false, true],
    ['force', '', true, true],
    ['FORCE', ':0', true, true],
    ['prefer', '', false, false],
    ['prefer', ':0', true, true],
    ['never', ':0', false, false],
    ['nonsense', ':0', false, true],
  ];
  for (const [required, display, inTerminal, without] of cases) {
    const variables = {
      SSH_ASKPASS: program,
      ...(required !== undefined && { SSH_ASKPASS_REQUIRE: required }),
      ...(display !== '' && { DISPLAY: display }),
    };
    for (const [hasTerminal, expected] of [
      [true, inTerminal],
      [false, without],
    ] as const) {
      const found = askpassProgram(variables, { hasTerminal });
      t.is(found, expected ? program : undefined, `${required} ${display} ${hasTerminal}`);
    }
  }
  t.is(askpassProgram({ WAYLAND_DISPLAY: 'w', SSH_ASKPASS: program }, { hasTerminal: false }), program);
  t.is(askpassProgram({ SSH_ASKPASS_REQUIRE: 'force' }, { hasTerminal: false }), undefined);
});

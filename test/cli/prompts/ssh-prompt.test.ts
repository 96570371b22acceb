import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { hawserInShell, hawserInTerminal } from '../helpers/terminal.js';

const run = promisify(execFile);

/** An sshd that no known_hosts file of the home directory knows, and what `forward` needs to reach it. */
async function strangeHost(t: ExecutionContext): Promise<{ sshd: Sshd; home: string; args: string[] }> {
  const sshd = await Sshd.start();
  t.teardown(() => sshd[Symbol.asyncDispose]());
  const home = await temporaryFolder(t);
  const { user, host, port } = sshd.destination;
  const args = ['forward', '--ssh-url', `${user}@${host}:${port}`, '--ssh-id', sshd.identityFile];
  return { sshd, home, args };
}

test.serial('yes to an unknown host connects and makes it known, to ssh too', async (t) => {
  const { sshd, home, args } = await strangeHost(t);
  const terminal = hawserInTerminal(t, args, { cwd: home });
  await terminal.shows(/authenticity of host '\[127\.0\.0\.1\]:\d+' can't be established/);
  await terminal.shows(/yes\/no\/\[fingerprint\]/);
  t.true(terminal.screen().includes(await sshd.fingerprint()), terminal.screen());
  terminal.type('yes\r');
  await terminal.shows(/unix:\/\/\//);
  terminal.type('\x03');
  t.is(await terminal.exited, 130);

  const file = path.join(home, '.ssh', 'known_hosts');
  const { stdout } = await run('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file]);
  t.true(stdout.includes('found'));
  const strict = [
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    `UserKnownHostsFile=${file}`,
  ];
  const { user, host, port } = sshd.destination;
  await run('ssh', [
    ...['-F', 'none', ...strict, '-i', sshd.identityFile],
    ...['-p', String(port), `${user}@${host}`, 'true'],
  ]);
});

test.serial('no refuses an unknown host with exit 4 and stores nothing', async (t) => {
  const { home, args } = await strangeHost(t);
  const terminal = hawserInTerminal(t, args, { cwd: home });
  await terminal.shows(/yes\/no\/\[fingerprint\]/);
  terminal.type('no\r');
  t.is(await terminal.exited, 4, terminal.screen());
  t.regex(terminal.screen(), /Refused to talk to/);
  await t.throwsAsync(readFile(path.join(home, '.ssh', 'known_hosts')), { code: 'ENOENT' });
});

test.serial(
  'without a terminal an unknown host is refused with exit 4 and the command that helps',
  async (t) => {
    const { sshd, home, args } = await strangeHost(t);
    const { code, stderr } = await hawser(args, { cwd: home });
    t.is(code, 4);
    t.true(stderr.includes(`ssh -p ${sshd.port} `), stderr);
  },
);

for (const [keys, name] of [
  ['\x03', '^C'],
  ['\x04', '^D'],
  ['ye\x04', '^D behind half an answer'],
] as const) {
  test.serial(
    `${name} at the question of a host key ends with 130, no stack trace and the terminal as it was`,
    async (t) => {
      const { home, args } = await strangeHost(t);
      const terminal = hawserInShell(t, args, { cwd: home });
      await terminal.shows(/yes\/no\/\[fingerprint\]/);
      terminal.type(keys);
      await terminal.exited;
      t.regex(terminal.screen(), /^exit code 130$/m);
      t.notRegex(terminal.screen(), /\n\s+at /);
      for (const mode of ['isig', 'icanon', 'echo'])
        t.regex(terminal.screen(), new RegExp(`^(.* )?${mode} `, 'm'));
      await t.throwsAsync(readFile(path.join(home, '.ssh', 'known_hosts')), { code: 'ENOENT' });
    },
  );
}

test.serial('^C at the question of one of several hosts asks nothing about the others', async (t) => {
  const { sshd, home, args } = await strangeHost(t);
  const other = ['--ssh-url', `${sshd.destination.user}@localhost:${sshd.port}`];
  const terminal = hawserInTerminal(t, [...args, ...other], { cwd: home });
  await terminal.shows(/\(host \d of 2\)[\s\S]*yes\/no\/\[fingerprint\]/);
  terminal.type('\x03');
  t.is(await terminal.exited, 130, terminal.screen());
  t.is(terminal.screen().match(/authenticity/g)?.length, 1, terminal.screen());
});

test.serial('a passphrase is asked for, and is not shown; ^D ends it', async (t) => {
  const { sshd, home, args } = await strangeHost(t);
  await mkdir(path.join(home, '.ssh'));
  await writeFile(path.join(home, '.ssh', 'known_hosts'), await readFile(sshd.knownHostsFile));
  const form = ['-q', '-p', '-a', '1', '-P', '', '-N', 'open sesame'];
  await run('ssh-keygen', [...form, '-f', sshd.identityFile]);
  await rm(`${sshd.identityFile}.pub`);
  const terminal = hawserInTerminal(t, args, { cwd: home });
  await terminal.shows(/Enter passphrase for key/);
  const declined = hawserInTerminal(t, args, { cwd: home });
  await declined.shows(/Enter passphrase for key/);
  declined.type('open\x04');
  t.is(await declined.exited, 130, declined.screen());
  terminal.type('open sesame\r');
  await terminal.shows(/unix:\/\/\//);
  t.notRegex(terminal.screen(), /sesame/);
  terminal.type('\x03');
  t.is(await terminal.exited, 130);
});

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { formatDestination } from '../../../tunnel/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { hawser, type RunOptions, shown, startHawser } from '../helpers/hawser.js';
import { SshdFleet } from '../helpers/sshd-fleet.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let fleet: SshdFleet;

test.before(async () => {
  fleet = await SshdFleet.start(3);
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

/** `hawser exec …` of the person whose fleet it is. */
function exec(args: readonly string[], options: RunOptions = {}) {
  return hawser(['exec', ...fleet.flags, ...args], { cwd: fleet.home, ...options });
}

interface Line {
  readonly hostname: string;
  readonly exit: number | null;
  readonly error?: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `--json` printed, by host. */
function byHost(stdout: string): Record<string, Line> {
  const lines = stdout.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => JSON.parse(line) as Line).map((line) => [line.hostname, line]),
  );
}

/** The processes of this machine, hosts included, whose arguments hold a word. */
async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.split('\0').includes(word));
}

async function gone(word: string): Promise<void> {
  while ((await processesWith(word)).length > 0) await delay(50);
}

async function begun(word: string, count: number): Promise<void> {
  while ((await processesWith(word)).length < count) await delay(50);
}

test.serial('lines come behind their hosts, and at the end it says how alike they are', async (t) => {
  const same = await exec(['all', '--', 'echo', 'hello']);
  t.is(same.code, 0, same.stderr);
  t.deepEqual(same.stdout.trimEnd().split('\n').sort(), ['web1 | hello', 'web2 | hello', 'web3 | hello']);
  t.is(same.stderr, 'hawser: 3 hosts: same output\n');
  // What differs between hosts on one machine is the port of sshd.
  const port = fleet.sshd(3).port;
  const other = await exec(['all', '-c', `set -- $SSH_CONNECTION; [ "$4" = ${port} ] && echo b || echo a`]);
  t.is(other.stderr, 'hawser: 2 hosts: same output; web3 differs\n');
});

test.serial('two names of one host are two results, each of a run of its own', async (t) => {
  const { user, host, port } = fleet.sshd(1).destination;
  const [one, other] = [`${user}@${host}:${port}`, `ssh://${user}@${host}:${port}`];
  const login = fleet.flags.slice(fleet.flags.indexOf('--ssh-id'));
  const known = ['--ssh-known-hosts', fleet.sshd(1).knownHostsFile];
  const names = [one, other].join(',');
  const file = path.join(fleet.home, 'runs');
  const ran = await hawser(
    ['exec', ...login, ...known, names, '--json', '-c', `echo run >> ${file}; cat ${file} | wc -l`],
    {
      cwd: fleet.home,
    },
  );
  t.is(ran.code, 0, ran.stderr);
  t.deepEqual(Object.keys(byHost(ran.stdout)).sort(), [one, other].sort());
  t.is(await readFile(file, 'utf8'), 'run\nrun\n');
});

test.serial('arguments arrive as they are given, and -c is a line of shell', async (t) => {
  const words = ['a  b', "it's", '$HOME', '*', '', '-x', 'ü', 'a\nb', '"', '\\', '--'];
  const given = await exec(['web1', '--json', '--', 'printf', '%s|', ...words]);
  t.is(byHost(given.stdout)['web1']?.stdout, words.map((word) => `${word}|`).join(''));
  const line = await exec(['web1', '--json', '-c', 'printf "a\\nb\\n" | wc -l; exit 3']);
  t.like(byHost(line.stdout)['web1'], { exit: 3, stdout: '2\n', stderr: '' });
  const option = await exec(['web1', '--json', '--', '-x']);
  t.like(byHost(option.stdout)['web1'], { exit: 127 });
  const both = await exec(['web1', '-c', 'true', '--', 'true']);
  t.is(both.code, 2);
});

test.serial('each failure is told of its host, others are not concerned, and the code is 1', async (t) => {
  const downFleet = (await readFile(path.join(fleet.home, '.config/hawser/fleets/lab.yaml'), 'utf8')).replace(
    String(fleet.sshd(2).port),
    '1',
  );
  const file = path.join(fleet.home, 'down.yaml');
  await writeFile(file, downFleet);
  const line = `set -- $SSH_CONNECTION; [ "$4" = ${fleet.sshd(1).port} ] || exit 7; echo fine`;
  const { code, stdout, stderr } = await exec(['all', '--fleet', file, '--json', '-c', line]);
  t.is(code, 1);
  const lines = byHost(stdout);
  t.like(lines['web1'], { exit: 0, stdout: 'fine\n' });
  t.like(lines['web2'], { exit: null, stdout: '', stderr: '' });
  t.regex(lines['web2']?.error ?? '', /refused|connect/i);
  t.like(lines['web3'], { exit: 7 });
  const { error } = JSON.parse(stderr);
  t.like(error, { code: 'failed', hosts: { web3: 'exit code 7' } });
  const people = await exec(['all', '--fleet', file, '-c', line]);
  t.is(people.code, 1);
  t.is(people.stdout, 'web1 | fine\n');
  t.regex(people.stderr, /^hawser: web3: exit code 7$/m);
  t.regex(people.stderr, /^hawser: The command failed on 2 of 3 hosts: web2, web3\. .*--rerun failed$/m);
});

test.serial('--rerun failed takes the hosts and the command of the last run', async (t) => {
  const mark = path.join(fleet.home, 'mark');
  const line = `set -- $SSH_CONNECTION; [ "$4" != ${fleet.sshd(2).port} ] || [ -e ${mark} ]`;
  t.is((await exec(['all', '-c', line])).code, 1);
  const state = path.join(fleet.home, '.local/state/hawser/exec/last-run.json');
  t.is((await stat(state)).mode & 0o777, 0o600);
  const other = await exec(['--rerun', 'failed', '--', 'touch', mark]);
  t.is(other.code, 0, other.stderr);
  // That run has succeeded, so there is nothing left.
  const nothing = await exec(['--rerun', 'failed']);
  t.is(nothing.code, 2);
  t.regex(nothing.stderr, /failed on no host/);
  t.is((await exec(['web1', '-c', 'exit 1'])).code, 1);
  const none = await exec(['web2', '--rerun', 'failed']);
  t.is(none.code, 2);
  t.regex(none.stderr, /failed on none of web2/);
  const again = await exec(['all', '--rerun', 'failed', '--json']);
  t.deepEqual(Object.keys(byHost(again.stdout)), ['web1']);
});

test.serial('an unknown host and an empty selection are refused, unless that is allowed', async (t) => {
  const unknown = await exec(['web9', '--', 'true']);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /No host of the fleet lab is called web9/);
  t.is((await exec(['web9', '--allow-empty', '--', 'true'])).code, 2);
  const empty = await exec(['db*', '--', 'true']);
  t.is(empty.code, 2);
  t.regex(empty.stderr, /--allow-empty/);
  const allowed = await exec(['db*', '--allow-empty', '--', 'true']);
  t.is(allowed.code, 0);
  t.regex(allowed.stderr, /No host matches db\*/);
  for (const args of [[], ['all']]) t.is((await exec(args)).code, 2);
});

test.serial('SSH destinations need no fleet', async (t) => {
  const { destination, knownHostsFile } = fleet.sshd(2);
  const text = `ssh://${formatDestination(destination)}`;
  const args = [text, '--ssh-known-hosts', knownHostsFile, '--', 'echo', 'there'];
  const { code, stdout } = await exec(args, { env: { XDG_CONFIG_HOME: '/nonexistent' } });
  t.is(code, 0);
  t.is(stdout, `${text} | there\n`);
});

test.serial('input goes to all hosts, also to those that come later', async (t) => {
  const input = Buffer.alloc(300_000, 'abc\n');
  const { code, stdout } = await exec(['all', '--serial', '1', '--json', '--', 'wc', '-c'], { input });
  t.is(code, 0);
  for (const { stdout: said } of Object.values(byHost(stdout))) t.is(said.trim(), '300000');
  const none = await exec(['web1', '--no-stdin', '--', 'wc', '-c'], { input: 'abc' });
  t.is(none.stdout, 'web1 | 0\n');
});

test.serial('what hosts write cannot touch the lines of others, whatever it is', async (t) => {
  const nasty = `printf '\\033[2J\\rfake\\nweb2 | lie\\n\\377\\000\\n'; printf 'no end'`;
  const { stdout } = await exec(['web1', '-c', nasty]);
  t.is(stdout, 'web1 | \\e[2J\nweb1 | fake\nweb1 | web2 | lie\nweb1 | \ufffd\\x00\nweb1 | no end\n');
  const long = await exec(['web1', '-c', 'head -c 9000 /dev/zero | tr "\\000" x']);
  t.deepEqual(
    long.stdout.split('\n').map((line) => line.length),
    [4007, 4007, 1007, 0],
  );
  const grouped = await exec(['all', '--group', '-c', nasty]);
  t.is(
    grouped.stdout,
    '3 hosts: web1, web2, web3\n  | \\e[2J\n  | fake\n  | web2 | lie\n  | \ufffd\\x00\n  | no end\n',
  );
});

test.serial('a command that takes too long is ended on its host, with all that it started', async (t) => {
  const word = '98761.5';
  const line = `sleep ${word} & sleep ${word} | cat; wait`;
  const { code, stdout } = await exec(['web1,web2', '--timeout', '500ms', '--json', '-c', `echo a; ${line}`]);
  t.is(code, 1);
  for (const { exit, error, stdout: said } of Object.values(byHost(stdout))) {
    t.is(exit, null);
    t.is(said, 'a\n');
    t.is(error, 'The command was ended: it took longer than 500ms.');
  }
  t.deepEqual(await processesWith(word), []);
});

for (const transport of ['ssh2', 'openssh']) {
  test.serial(`Ctrl-C ends the commands on the hosts, over ${transport}`, async (t) => {
    const word = transport === 'ssh2' ? '98762.5' : '98763.5';
    const flags = [...fleet.flags, '--transport', transport];
    const line = `trap '' INT; sleep ${word} & sleep ${word}`;
    const child = startHawser(['exec', ...flags, 'all', '-c', line], { cwd: fleet.home });
    await begun(word, 6);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    t.is(code, 130);
    t.deepEqual(await processesWith(word), []);
  });
}

test.serial('a reader that goes away ends it quietly, on the hosts too', async (t) => {
  const word = 'y98764';
  const child = startHawser(['exec', ...fleet.flags, 'all', '--', 'yes', word], { cwd: fleet.home });
  await shown(child.stdout, /web\d \| y98764/);
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'exit');
  t.is(code, 0);
  t.is(stderr, '');
  await gone(word);
  t.pass();
});

test.serial('output that cannot be written is a failure', (t) => {
  for (const more of [[], ['--json'], ['--group']]) {
    const program = [
      process.execPath,
      programFile,
      'exec',
      ...fleet.flags,
      'web1',
      ...more,
      '--',
      'echo',
      'a',
    ];
    const { status, stderr } = spawnSync('sh', ['-c', 'exec "$@" >/dev/full', 'sh', ...program], {
      env: { PATH: process.env['PATH'], HOME: fleet.home },
      input: '',
    });
    t.is(status, 1, more.join());
    t.regex(stderr.toString(), /Could not write the output: ENOSPC/);
  }
});

test.serial('the time limit of the command is none for logging in', async (t) => {
  const { stdout } = await exec(['web1', '--timeout', '1ms', '--json', '-c', 'sleep 98765.5']);
  t.like(byHost(stdout)['web1'], { error: 'The command was ended: it took longer than 1ms.' });
  t.deepEqual(await processesWith('98765.5'), []);
});

test.serial('a host that falls silent in the middle is told, and the others end as they do', async (t) => {
  const child = startHawser(['exec', ...fleet.flags, '--json', 'all', '-c', 'echo a; sleep 4; echo b'], {
    cwd: fleet.home,
  });
  const web2 = fleet.sshd(2);
  while (!(await web2.hasConnections())) await delay(20);
  await delay(1_000);
  await web2.freezeConnections();
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const [code] = await once(child, 'exit');
  await web2.thaw();
  t.is(code, 1);
  const lines = byHost(stdout);
  t.like(lines['web1'], { exit: 0, stdout: 'a\nb\n' });
  t.like(lines['web2'], { exit: null, stdout: 'a\n' });
  t.regex(lines['web2']?.error ?? '', /The outcome of the command on .* is unknown: the connection was lost/);
});

test.serial('output that has no place here ends the command there, and only there', async (t) => {
  // A file system of 1 MB, which only a process in a mount namespace of its own sees.
  const folder = await mkdtemp(path.join(fleet.home, 'small-'));
  const program = [process.execPath, programFile, 'exec', ...fleet.flags];
  const script = `mount -t tmpfs -o size=1m none ${folder} && TMPDIR=${folder} exec "$@"`;
  const args = [
    'all',
    '--json',
    '-c',
    `set -- $SSH_CONNECTION; [ "$4" = ${fleet.sshd(1).port} ] && cat /dev/zero; echo short`,
  ];
  const run = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', ...program, ...args],
    {
      env: { PATH: process.env['PATH'], HOME: fleet.home },
      maxBuffer: 1 << 28,
      input: '',
    },
  );
  const lines = byHost(run.stdout.toString());
  t.like(lines['web2'], { exit: 0, stdout: 'short\n' });
  t.is(lines['web1']?.exit, null);
  t.regex(lines['web1']?.error ?? '', /cannot be kept here: .*(space|full)/);
  t.is(run.status, 1);
});

test.serial('sudo gets its password before the input of the command; without sudo it is said', async (t) => {
  // Hosts on which we seem to be nobody special, one with a sudo that wants a password, one without any.
  const folder = path.join(fleet.home, 'fake');
  await mkdir(folder);
  const fakes = {
    id: 'case $1 in -u) echo 1000 ;; *) echo ann ;; esac',
    // For cat it wants none.
    sudo: '[ "$1" != -n ] || exit 1\n[ "$6" = cat ] || { read -r password; [ "$password" = secret ] || exit 1; }\nshift 5; exec "$@"',
  };
  for (const [name, script] of Object.entries(fakes))
    await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  for (const name of ['sh', 'cat', 'true']) await symlink(`/bin/${name}`, path.join(folder, name));
  await using sshd = await Sshd.start([`SetEnv PATH=${folder} SHLVL=1`]);
  const place = formatDestination(sshd.destination);
  const flags = ['exec', '--ssh-config', 'none', '--ssh-id', sshd.identityFile, '--sudo'];
  const run = (more: string[], input = '') =>
    hawser([...flags, '--ssh-known-hosts', sshd.knownHostsFile, place, ...more], { cwd: fleet.home, input });
  const file = path.join(fleet.home, 'password');
  await writeFile(file, 'secret\n', { mode: 0o600 });
  const fine = await run(['--sudo-password-file', file, '--json', '-c', 'cat; cat'], 'input\n');
  t.like(byHost(fine.stdout)[place], { exit: 0, stdout: 'input\n' });
  const free = await run(['--sudo-password-file', file, '--json', '--', 'cat', '-'], 'input\n');
  t.like(byHost(free.stdout)[place], { exit: 0, stdout: 'input\n' });
  t.is((await run(['--sudo-password-file', file, '-c', 'exit 3'])).code, 1);
  const login = [
    '--ssh-config',
    'none',
    '--ssh-id',
    sshd.identityFile,
    '--ssh-known-hosts',
    sshd.knownHostsFile,
  ];
  const again = await hawser(['exec', ...login, '--rerun', 'failed'], { cwd: fleet.home });
  t.regex(again.stderr, /no terminal to ask on/);
  const nobody = await run(['--', 'true']);
  t.is(nobody.code, 1);
  t.regex(nobody.stderr, /no terminal to ask on: pass --sudo-password-file FILE/);
  await writeFile(file, 'wrong\n');
  t.regex((await run(['--sudo-password-file', file, '--', 'true'])).stderr, /does not take the password/);
  t.false((fine.stdout + fine.stderr + nobody.stderr).includes('secret'));
  await rm(path.join(folder, 'sudo'));
  const none = await run(['--json', '--', 'true']);
  t.regex(byHost(none.stdout)[place]?.error ?? '', /ann is not root on .*, and there is no sudo/);
});

test.serial('sudo: who needs none is root at once; a terminal is for one host', async (t) => {
  const root = await exec(['web1', '--sudo', '--', 'id', '-u']);
  t.is(root.stdout, 'web1 | 0\n', root.stderr);
  const many = await exec(['all', '--tty', '--', 'true']);
  t.is(many.code, 2);
  t.regex(many.stderr, /--tty is for one host, and 3 match/);
  const args = ['exec', ...fleet.flags, 'web1', '--tty', '--', 'sh', '-c', 'test -t 0 && stty size'];
  const terminal = hawserInTerminal(t, args, { cwd: fleet.home, columns: 77 });
  await terminal.shows(/30 77/);
  t.is(await terminal.exited, 0);
});

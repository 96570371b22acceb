import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { EscapeKeys } from '../../../cli/ssh/escape-keys.js';
import { hawser, type RunOptions, startHawser } from '../helpers/hawser.js';
import { SshdFleet } from '../helpers/sshd-fleet.js';
import { hawserInShell } from '../helpers/terminal.js';

let fleet: SshdFleet;

test.before(async () => {
  fleet = await SshdFleet.start(1);
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

function ssh(args: readonly string[], options: RunOptions = {}) {
  return hawser(['ssh', ...fleet.flags, ...args], { cwd: fleet.home, ...options });
}

test('escapes count at the beginning of a line only', (t) => {
  const keys = new EscapeKeys();
  const type = (text: string) => {
    const { bytes, actions } = keys.type(Buffer.from(text));
    return [bytes.toString(), actions];
  };
  t.deepEqual(type('ls ~.\r'), ['ls ~.\r', []]);
  t.deepEqual(type('~~x\r~a'), ['~x\r~a', []]);
  t.deepEqual(type('\r~'), ['\r', []]);
  t.deepEqual(type('?'), ['', ['help']]);
  t.deepEqual(type('~\x1a~.'), ['', ['suspend', 'disconnect']]);
});

test.serial(
  'a command without a terminal is what it would be here: bytes, both outputs, its code',
  async (t) => {
    const line = `cat; printf '\\377\\033[2J' ; echo trouble >&2; exit 42`;
    const { code, stdout, stderr } = await ssh(['web1', '--', 'sh', '-c', line], { input: 'in\n' });
    t.is(code, 42);
    t.is(stdout, `in\n\ufffd\x1b[2J`);
    t.is(stderr, 'trouble\n');
    t.is((await ssh(['web1', '--', 'sh', '-c', 'kill -9 $$'])).code, 137);
    t.is((await ssh(['web1'], { input: 'exit 9\n' })).code, 9);
    const json = await ssh(['web1', '--json', '--', 'echo', 'a b']);
    t.like(JSON.parse(json.stdout), { hostname: 'web1', exit: 0, stdout: 'a b\n' });
    t.is((await ssh(['web1', '--json'])).code, 2);
    t.is((await ssh(['web9'])).code, 2);
  },
);

for (const transport of ['ssh2', 'openssh']) {
  test.serial(`a shell has our terminal, whose state comes back, over ${transport}`, async (t) => {
    const args = ['ssh', ...fleet.flags, '--transport', transport, 'web1'];
    const terminal = hawserInShell(t, args, { cwd: fleet.home, columns: 91 });
    terminal.type('stty size; tty\r');
    await terminal.shows(/^30 91\s+\/dev\/pts\/\d+/m);
    // Ctrl-C is for what runs there.
    terminal.type('echo go; cat\r');
    await terminal.shows(/^go$/m);
    terminal.type('typed\r');
    await terminal.shows(/typed\s+typed/);
    terminal.type('\x03');
    await terminal.shows(/\^C\n[^\n]*[#$]$/);
    terminal.type('exit 33\r');
    await terminal.shows(/^exit code 33$/m);
    await terminal.shows(/ icanon .*echo /s);
    await terminal.exited;
    t.pass();
  });
}

test.serial('an interruption ends what runs on the host, too', async (t) => {
  const word = '98766.5';
  const child = startHawser(['ssh', ...fleet.flags, 'web1', '--', 'sleep', word], { cwd: fleet.home });
  const isRunning = () => spawnSync('pgrep', ['-f', `^sleep ${word}`]).status === 0;
  while (!isRunning()) await delay(50);
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.is(code, 130);
  t.false(isRunning());
});

test.serial('~. disconnects from what hangs', async (t) => {
  const args = ['ssh', ...fleet.flags, 'web1', '--', 'sh', '-c', 'echo begun; exec sleep 98765'];
  const terminal = hawserInShell(t, args, { cwd: fleet.home });
  await terminal.shows(/begun/);
  terminal.type('\r~?');
  await terminal.shows(/~\. {3}disconnect/);
  terminal.type('~.');
  await terminal.shows(/^exit code 255$/m);
  t.regex(terminal.screen(), /Disconnected from web1\./);
  await terminal.exited;
});

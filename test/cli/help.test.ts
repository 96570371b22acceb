import test from 'ava';
import type { Command } from 'commander';
import { EXIT_CODES } from '../../cli/exit-codes.js';
import { Interrupts } from '../../cli/interrupts.js';
import { program } from '../../cli/program.js';
import { hawser } from './helpers/hawser.js';

/** What `--help` prints of a command, without starting it. */
function helpOf(command: Command): string {
  let shown = '';
  command.configureOutput({
    writeOut: (text) => {
      shown += text;
    },
  });
  command.outputHelp();
  return shown;
}

test.serial('every command says what it does, and shows an example that begins with itself', async (t) => {
  using interrupts = new Interrupts();
  const root = await program({ version: '0', interrupts, exitCode: EXIT_CODES.done });
  const names = root.commands.map((command) => command.name());
  for (const name of [
    'demo',
    'run',
    'deploy',
    'status',
    'top',
    'events',
    'doctor',
    'exec',
    'ssh',
    'cp',
    'str',
    'map',
    'res',
    'forward',
  ]) {
    t.true(names.includes(name));
  }
  const examine = (command: Command, path: string): void => {
    t.not(command.description(), '', path);
    const help = helpOf(command);
    t.regex(help, new RegExp(`Example:\\n  \\$ ${path}\\b`));
    if (command.commands.length === 0 && command.name() !== 'bridge')
      for (const flag of ['--json', '--verbose', '--timeout']) t.true(help.includes(flag), `${path} ${flag}`);
    for (const child of command.commands) examine(child, `${path} ${child.name()}`);
  };
  for (const command of root.commands) examine(command, `hawser ${command.name()}`);
});

test.serial("a command's own options come before those that it shares with others", async (t) => {
  using interrupts = new Interrupts();
  const root = await program({ version: '0', interrupts, exitCode: EXIT_CODES.done });
  for (const name of [
    'run',
    'deploy',
    'status',
    'events',
    'doctor',
    'exec',
    'ssh',
    'cp',
    'members',
    'size',
    'forward',
    'endpoints',
  ]) {
    const command = root.commands.find((one) => one.name() === name);
    const headings = [...(command ? helpOf(command) : '').matchAll(/^(.*ptions):$/gm)].map(
      ([, text]) => text,
    );
    t.deepEqual(headings, ['Options', 'Connection options', 'General options'], name);
  }
});

test.serial('the commands are listed by what people do with them', async (t) => {
  using interrupts = new Interrupts();
  const help = helpOf(await program({ version: '0', interrupts, exitCode: EXIT_CODES.done }));
  t.regex(
    help,
    /^Set up:\n {2}demo .*^Deploy:\n {2}deploy .*^Operate:\n {2}status .*^Share state:\n {2}str /ms,
  );
});

test.serial('help is what a command asked for it prints, and no failure', async (t) => {
  for (const args of [['--help'], ['help', 'str'], ['str', 'watch', '--help']]) {
    const { code, stdout, stderr } = await hawser(args);
    t.is(code, 0);
    t.is(stderr, '');
    t.regex(stdout, /Example:\n {2}\$ hawser/);
  }
});

test.serial('an error that nobody caught is shown, and what it quotes is not obeyed', async (t) => {
  const fault = `setImmediate(() => { throw new Error('a\\x1b[31mEVIL\\nEVIL') })`;
  const late = `process.on('newListener', (name) => { if (name === 'uncaughtException') ${fault} })`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}` };
  const { code, stderr } = await hawser(['status', '--seeds', 'http://127.0.0.1:1'], { env });
  t.is(code, 1);
  t.regex(stderr, /^Error: a\\e\[31mEVIL\\nEVIL\n {4}at /);
});

test.serial('what a library says by itself is shown on stderr, and not obeyed', async (t) => {
  const say = `setImmediate(() => console.error('E %s', 'a\\x9b31mEVIL\\nEVIL'))`;
  const late = `process.on('newListener', (name) => { if (name === 'uncaughtException') ${say} })`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}` };
  const { code, stdout, stderr } = await hawser(['--version'], { env });
  t.is(code, 0);
  t.regex(stdout, /^[0-9.]+\n$/);
  t.is(stderr, 'E a\\x9b31mEVIL\\nEVIL\n');
});

test.serial('a sentence on what was typed is one line, and names what was meant', async (t) => {
  const { code, stderr } = await hawser(['statsu', 'x\n\x1b[31mEVIL']);
  t.is(code, 2);
  t.is(stderr, "hawser: unknown command 'statsu'\n(Did you mean status?)\n");
  const option = await hawser(['status', '--x\n\x1b[31mEVIL']);
  t.is(option.stderr, "hawser: unknown option '--x\\n\\e[31mEVIL'\n");
});

test.serial('a misspelt command after help, or below one that does something itself, is named', async (t) => {
  for (const [words, name] of [
    [['help', 'statsu'], "'statsu' of hawser: expected demo, lab, up"],
    [['help', 'str', 'gte'], "'gte' of str: expected get, set, del, watch"],
    [['str', 'help', 'gte'], "'gte' of str: expected get, set, del, watch"],
    [['members', 'forgt'], "'forgt' of members: expected recover, defrag, forget"],
  ] as const) {
    const { code, stdout, stderr } = await hawser(words);
    t.is(code, 2, words.join(' '));
    t.is(stdout, '');
    t.true(stderr.startsWith(`hawser: unknown command ${name}`), stderr);
  }
  t.regex((await hawser(['help', 'str', 'get'])).stdout, /^Usage: hawser str get /);
});

test.serial('a file that cannot be read is said without a word of the system call', async (t) => {
  const seeds = ['--seeds', 'http://127.0.0.1:1'];
  for (const [words, sentence] of [
    [['--config', '/no/such.yaml'], 'Cannot read /no/such.yaml: there is no such file.'],
    [['--config', '/'], 'Cannot read /: it is a directory.'],
    [
      ['--user', 'r', '--password-file', '/no/such', ...seeds],
      'Cannot read the password file /no/such: there is no such file.',
    ],
  ] as const) {
    const { code, stderr } = await hawser(['status', ...words]);
    t.is(code, 2);
    t.is(stderr, `hawser: ${sentence}\n`);
  }
});

test.serial('the version is the one of package.json', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  t.is((await hawser(['--version'])).stdout, `${version}\n`);
});

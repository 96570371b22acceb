import test from 'ava';
import type { Command } from 'commander';
import { exitCodes } from '../../cli/exit-code.js';
import { Interrupts } from '../../cli/interrupt.js';
import { program } from '../../cli/program.js';
import { hawser } from './hawser.js';

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

test.serial('every command says what it does, and shows an example that begins with itself', (t) => {
  using interrupts = new Interrupts();
  const root = program({ version: '0', interrupts, exitCode: exitCodes.done });
  const names = root.commands.map((command) => command.name());
  for (const name of ['demo', 'run', 'deploy', 'status', 'str', 'map', 'res', 'forward']) {
    t.true(names.includes(name));
  }
  const examine = (command: Command, path: string): void => {
    t.not(command.description(), '', path);
    const help = helpOf(command);
    t.regex(help, new RegExp(`Example:\\n  \\$ ${path}\\b`));
    if (command.commands.length === 0) t.regex(help, /--json/);
    for (const child of command.commands) examine(child, `${path} ${child.name()}`);
  };
  for (const command of root.commands) examine(command, `hawser ${command.name()}`);
});

test.serial('help is what a command asked for it prints, and no failure', async (t) => {
  for (const args of [['--help'], ['help', 'str'], ['str', 'watch', '--help']]) {
    const { code, stdout, stderr } = await hawser(args);
    t.is(code, 0);
    t.is(stderr, '');
    t.regex(stdout, /Example:\n {2}\$ hawser/);
  }
});

test.serial('the version is the one of package.json', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  t.is((await hawser(['--version'])).stdout, `${version}\n`);
});

import test from 'ava';
import { hawser } from './hawser.js';

async function help(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await hawser([...command, '--help']);
  if (code !== 0 || stderr !== '') throw new Error(`${command.join(' ')} --help: ${code} ${stderr}`);
  return stdout;
}

function commandsIn(text: string): string[] {
  const [, list = ''] = text.split('\nCommands:\n');
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

test.serial('every command says what it does, and shows an example that begins with itself', async (t) => {
  const top = await help();
  const commands = commandsIn(top);
  for (const name of ['demo', 'run', 'deploy', 'status', 'str', 'map', 'forward'])
    t.true(commands.includes(name));
  for (const name of commands) {
    const text = await help(name);
    t.regex(text, new RegExp(`Example:\\n  \\$ hawser ${name}\\b`));
    const inner = commandsIn(text);
    if (inner.length === 0) t.regex(text, /--json/);
    for (const sub of inner) {
      const subText = await help(name, sub);
      t.regex(subText, new RegExp(`Example:\\n  \\$ hawser ${name} ${sub}\\b`));
      t.regex(subText, /--json/);
    }
  }
});

test.serial('the version is the one of package.json', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  t.is((await hawser(['--version'])).stdout, `${version}\n`);
});

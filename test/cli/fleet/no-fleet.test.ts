import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { isLocalSocket } from '../../../cli/fleet/is-local-socket.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

const commands = [
  ['status'],
  ['str', 'get', 'x'],
  ['map', 'get', 'x'],
  ['endpoints'],
  ['fs', 'ls'],
  ['members'],
  ['size'],
  ['deploys', 'list'],
  ['deploy', '.', '--yes'],
  ['forward'],
];

test('without any configuration every command says that no fleet is known, and what to do', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(path.join(cwd, 'hawser.yaml'), 'name: app\n');
  for (const command of commands) {
    const { code, stdout, stderr } = await hawser(command, { cwd });
    t.is(code, 2, `${command}: ${stderr}`);
    t.is(stdout, '');
    t.regex(stderr, /^hawser: No fleet is known here\. .*--ssh-url user@host/);
  }
});

test('a fleet that does not answer is spoken of without the keys that it keeps things at', async (t) => {
  for (const command of commands.slice(0, -2)) {
    const { code, stderr } = await hawser([
      ...command,
      '--seeds',
      'http://127.0.0.1:1',
      '--timeout',
      '500ms',
    ]);
    t.is(code, 3, `${command}: ${stderr}`);
    t.regex(stderr, /^hawser: Could not /);
    t.notRegex(stderr, / \/\w/, `${command}`);
  }
  const { stderr } = await hawser([
    'status',
    '--json',
    '--seeds',
    'http://127.0.0.1:1',
    '--timeout',
    '500ms',
  ]);
  t.deepEqual(Object.keys(JSON.parse(stderr).error), ['code', 'message']);
});

test("an agent's socket on this machine is a fleet that is known", async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'etcd.sock');
  t.false(isLocalSocket(`unix://${file}`));
  await writeFile(`${file}.txt`, '');
  t.false(isLocalSocket(`unix://${file}.txt`));
  t.false(isLocalSocket('http://127.0.0.1:2379'));
  const server = createServer().listen(file);
  t.teardown(() => server.close());
  await once(server, 'listening');
  t.true(isLocalSocket(`unix://${file}`));
});

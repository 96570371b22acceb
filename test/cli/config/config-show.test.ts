import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { Desk } from '../helpers/desk.js';
import { hawser } from '../helpers/hawser.js';

type Settings = readonly { readonly name: string; readonly value: unknown; readonly from: string }[];

test('each value is shown with the flag, variable or line that it comes from, and no password', async (t) => {
  const desk = await Desk.make(t);
  const fleets = path.join(desk.home, '.config', 'hawser', 'fleets');
  await mkdir(fleets, { recursive: true, mode: 0o700 });
  const file = path.join(fleets, 'prod.yaml');
  const lines = [
    'name: prod',
    'hosts:',
    '  web1:',
    '    ssh: root@web1',
    'namespace: /x',
    'tls:',
    '  cacert: ca.pem',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  await writeFile(path.join(fleets, 'test.yaml'), 'name: test\nhosts: {}\n', { mode: 0o600 });
  const show = async (args: readonly string[], env = {}) => {
    const options = { cwd: desk.home, env: { ...desk.env, HAWSER_PASSWORD: 'sesame', ...env } };
    const { code, stdout, stderr } = await hawser(['config', 'show', ...args], options);
    t.is(code, 0, stderr);
    t.notRegex(stdout, /sesame/);
    return stdout;
  };
  const json = async (args: readonly string[], env = {}): Promise<Settings> =>
    JSON.parse(await show(['--json', ...args], env));
  const find = (all: Settings, name: string) => all.find((one) => one.name === name);

  const named = await json(['--fleet', 'prod', '--namespace', '/y']);
  t.like(find(named, 'fleet'), { value: 'prod', from: '--fleet' });
  t.like(find(named, 'hosts.web1'), { value: 'root@web1', from: `${file}:4` });
  t.like(find(named, 'hosts.web1.host-key'), { value: [], from: 'default' });
  t.like(find(named, 'namespace'), { value: '/y', from: '--namespace' });
  t.like(find(named, 'tls.cacert'), { value: path.join(fleets, 'ca.pem'), from: `${file}:7` });
  t.like(find(named, 'password'), { value: 'set, not shown', from: '$HAWSER_PASSWORD' });
  t.like(find(named, 'transport'), { value: 'auto', from: 'default' });
  t.like(find(await json([], { HAWSER_FLEET: 'prod' }), 'fleet'), { from: '$HAWSER_FLEET' });
  await hawser(['fleet', 'use', 'prod'], { cwd: desk.home, env: desk.env });
  t.like(find(await json([]), 'fleet'), { value: 'prod', from: 'hawser fleet use' });
  const other = await json(['--ssh-url', 'ann@other', '--seeds', 'https://a:2379']);
  t.like(find(other, 'ssh-url'), { value: ['ann@other'], from: '--ssh-url' });
  for (const text of ['https://ann:sesame@a:2379', 'ann:sesame@a'])
    await show(['--ssh-url', text, '--seeds', text]);
  t.like(find(other, 'namespace'), { value: '/_mgmt', from: 'default' });
  t.regex(await show([]), /^namespace +\/x +\S+prod\.yaml:5$/m);
  t.notRegex(await show([]), /^ssh-hostkey/m);

  const untrusted = await desk.hawser(['config', 'show']);
  t.is(untrusted.code, 4);
  t.regex(untrusted.stderr, /you have not trusted this directory/);
  await desk.trust(t);
  const trusted = JSON.parse((await desk.hawser(['config', 'show', '--json'])).stdout);
  t.like(find(trusted, 'ssh-url'), { from: `${desk.file}:1` });
});

import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { withoutSecrets } from '../../../cli/output/without-secrets.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

const nowhere = ['--seeds', 'http://127.0.0.1:1', '--timeout', '100ms'];

test('each run is logged for its person alone, without values that may be secret', async (t) => {
  const home = await temporaryFolder(t);
  const folder = path.join(home, '.local', 'state', 'hawser');
  const file = path.join(folder, 'runs.log');
  const run = (args: readonly string[]) => hawser([...args, ...nowhere], { cwd: home });
  t.is((await run(['str', 'set', 'motd', 'sesame'])).code, 3);
  t.is((await run(['str', 'get', 'a\n\x1b[31mEVIL', '--json'])).code, 3);
  const text = await readFile(file, 'utf8');
  const lines = text.trimEnd().split('\n');
  t.regex(
    lines[0] ?? '',
    /^20\S+Z \d+ run hawser str set --seeds http:\/\/127\.0\.0\.1:1 --timeout 100 motd …$/,
  );
  t.true(
    lines.some((line) => /error .*127\.0\.0\.1:1/.test(line)),
    text,
  );
  t.regex(text, / end exit code 3 after \d+ ms\n.* run hawser str get .* a\\n\\e\[31mEVIL\n/);
  t.notRegex(text, /sesame/);
  t.false(text.includes('\x1b'));
  t.is((await stat(file)).mode & 0o777, 0o600);
  t.is((await stat(folder)).mode & 0o777, 0o700);

  await writeFile(file, 'x'.repeat(1_048_576));
  await run(['str', 'get', 'motd']);
  t.regex(await readFile(`${file}.1`, 'utf8'), /^x+20\S+Z \d+ run hawser str get/);
  await run(['size']);
  t.regex(await readFile(file, 'utf8'), /^20\S+Z \d+ run hawser size /);

  const other = path.join(home, 'other');
  await writeFile(other, '');
  await rm(file);
  await symlink(other, file);
  t.is((await run(['size'])).code, 3);
  t.is(await readFile(other, 'utf8'), '');
});

test('what looks like a secret is taken out of a text', (t) => {
  for (const [text, shown] of [
    ['at ssh://ann:sesame@web1:22', 'at ssh://ann:[removed]@web1:22'],
    [
      '--ssh-url root:sesame@web1 through root:se:same@web1',
      '--ssh-url root:[removed]@web1 through root:[removed]@web1',
    ],
    ['--user root:sesame x', '--user root:[removed] x'],
    ['password=sesame, more', 'password=[removed], more'],
    ['API-Key: "se same" x', 'API-Key: [removed] x'],
    ['AGE-SECRET-KEY-1SESAME', '[removed]'],
    [
      '-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----[removed]-----END PRIVATE KEY-----',
    ],
    ['unix:///run/hawser/etcd.sock', 'unix:///run/hawser/etcd.sock'],
    ['root@web1:22 and http://[::1]:2379', 'root@web1:22 and http://[::1]:2379'],
  ] as const) {
    t.is(withoutSecrets(text), shown);
  }
});

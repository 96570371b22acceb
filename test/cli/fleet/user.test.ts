import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { LocalAgents } from '../../agent/helpers/local-agents.js';
import { ann, root, switchOn } from '../../world/helpers/etcd-users.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let direct: DirectEtcd;

/** The keys of strings are the ones that ann may write. */
const mine = ['--namespace', '/mine'];

test.before(async () => {
  direct = await DirectEtcd.start();
  await switchOn(direct.etcd);
});

test.after.always(() => direct[Symbol.asyncDispose]());

test.serial('the password comes from the environment or from a file that is private', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'password');
  await writeFile(file, `${ann.password}\n`, { mode: 0o600 });
  const set = await direct.run(['str', 'set', 'k', 'v', ...mine, '--user', 'ann', '--password-file', file]);
  t.is(set.code, 0, set.stderr);
  const env = { HAWSER_PASSWORD: String(ann.password) };
  const get = await direct.run(['str', 'get', 'k', ...mine, '--user', 'ann'], { env });
  t.is(get.stdout, 'v\n', get.stderr);

  await chmod(file, 0o644);
  const open = await direct.run(['str', 'get', 'k', ...mine, '--user', 'ann', '--password-file', file]);
  t.is(open.code, 2);
  t.regex(open.stderr, /Other users can read the password file .*: run chmod 600 on it/);
});

test.serial('it is said what is missing: a user, a password, a right', async (t) => {
  const nobody = await direct.run(['str', 'get', 'k', ...mine]);
  t.regex(nobody.stderr, /this client has no user: pass one \(--user\)/);
  const silent = await direct.run(['str', 'get', 'k', ...mine, '--user', 'ann']);
  t.is(silent.code, 2);
  t.regex(silent.stderr, /needs a password: set HAWSER_PASSWORD, or pass --password-file FILE/);
  const inline = await direct.run(['str', 'get', 'k', ...mine, '--user', 'ann:s3cret']);
  t.is(inline.code, 2);
  t.notRegex(inline.stderr, /s3cret/);
  const env = { HAWSER_PASSWORD: 'guessed' };
  const wrong = await direct.run(['str', 'get', 'k', ...mine, '--user', 'ann'], { env });
  t.regex(wrong.stderr, /etcd rejects this name and password of the user ann/);
  t.notRegex(wrong.stderr, /guessed/);
  const few = await direct.run(['str', 'get', 'k', '--user', 'ann'], {
    env: { HAWSER_PASSWORD: String(ann.password) },
  });
  t.is(few.code, 1);
  t.regex(few.stderr, /The etcd user ann lacks this permission/);
});

test.serial('on a terminal the password is asked for, and not shown', async (t) => {
  const flags = ['--seeds', direct.etcd.url, '--user', 'ann', ...mine];
  const cwd = await temporaryFolder(t);
  const terminal = hawserInTerminal(t, ['str', 'get', 'k', ...flags], { cwd });
  await terminal.shows(/Password of the etcd user ann:/);
  terminal.type(`${ann.password}\r`);
  t.is(await terminal.exited, 0, terminal.screen());
  t.notRegex(terminal.screen(), /ann:secret/);
  t.regex(terminal.screen(), /^v$/m);
});

test.serial('an agent takes part as a user, and goes on when etcd has forgotten its token', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const host = await agents.add('h1');
  const env = { HAWSER_PASSWORD: String(root.password) };
  const flags = ['--hostname', 'h1', '--prefix', host.prefix, '--client-urls', host.clientUrl];
  host.run([...flags, '--seeds', direct.etcd.url, '--no-server', '--user', 'root'], env);
  await using world = direct.world('looks', root);
  for await (const _ of world.watchAgents()) if ((await world.getAgents()).has('h1')) break;
  // The last two that it writes by itself: cut off in the middle of that, it would say so.
  for await (const _ of world.watchRunning()) if ((await world.getRunning()).has('h1')) break;
  const recipient = '/hawser/recipients/h1';
  for await (const _ of world.client.changes({ key: recipient }))
    if ((await world.client.get(recipient)) !== undefined) break;
  await direct.etcd.kill();
  await direct.etcd.restart();
  // Nobody else is there to decide.
  await world.schedulerAdd('job', { persist: true });
  for await (const { hosts } of world.scheduled('job')) if (hosts.includes('looks')) break;
  t.deepEqual(await host.stop(), { code: 0, signal: null });
  t.notRegex(host.log, / (warn|error) /);
});

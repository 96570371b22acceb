import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { Desk, nowhere, refused, wentThere, wrongUsage } from '../helpers/desk.js';
import { hawser } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const run = promisify(execFile);

test.serial(
  'a hawser.yaml found in a directory decides nothing until the directory is trusted',
  async (t) => {
    const desk = await Desk.make(t);
    const before = await desk.status();
    t.is(before.code, refused);
    t.true(before.stderr.includes(`run: hawser trust ${desk.folder}\n`), before.stderr);
    t.regex(before.stderr, /\(ssh-url\)/);
    t.notRegex(before.stderr, /\n\s+at /);
    await desk.trust(t);
    t.is((await desk.status()).code, wentThere);
  },
);

test.serial(
  'a change of the keys undoes the trust, a change of what is said of the app does not',
  async (t) => {
    const desk = await Desk.make(t, `name: app\nssh-url: ${nowhere}\n`);
    await desk.trust(t);
    await desk.write(`name: other\nrun: [node, x.mjs]\nssh-url: [${nowhere}]\n`);
    t.is((await desk.status()).code, wentThere);
    for (const change of [
      `ssh-url: [${nowhere}, root@127.0.0.1:2]`,
      `ssh-url: ${nowhere}\nssh-hostkey: SHA256:${'A'.repeat(43)}`,
      `ssh-url: ${nowhere}\nhostname: ann`,
      `ssh-url: ${nowhere}\ntls: { cacert: ca.pem }`,
    ]) {
      await desk.write(`name: app\n${change}\n`);
      const { code, stderr } = await desk.status();
      t.is(code, refused, change);
      t.regex(stderr, /changed since you trusted/);
    }
    await desk.write(`name: app\nssh-url: ${nowhere}\n`);
    t.is((await desk.status()).code, wentThere);
  },
);

test.serial('the directory above, and the directory that is deployed, need trust as well', async (t) => {
  const desk = await Desk.make(t, `name: app\nssh-url: ${nowhere}\n`);
  const deep = path.join(desk.folder, 'deep', 'er');
  await mkdir(deep, { recursive: true });
  t.is((await desk.hawser(['status'], deep)).code, refused);
  const deploy = ['deploy', desk.folder, '--no-git', '--yes'];
  const { code, stderr } = await desk.hawser(deploy, desk.home);
  t.is(code, refused, stderr);
  t.true(stderr.includes(`hawser trust ${desk.folder}`), stderr);
  t.is((await desk.hawser(['forward'], deep)).code, refused);
  t.is((await desk.hawser(['members', 'recover'], deep)).code, refused);
  await desk.trust(t);
  t.is((await desk.hawser(['status'], deep)).code, wentThere);
  t.is((await desk.hawser(deploy, desk.home)).code, wentThere);
});

const keyNeedsTrust = test.macro({
  async exec(t, config: string, ...flags: string[]) {
    const desk = await Desk.make(t, `name: app\n${config}\n`);
    const { code, stderr } = await desk.status(...flags);
    t.is(code, refused, stderr);
    t.regex(stderr, /hawser trust /);
  },
  title: (_, config) => `needs trust even where the way in is given by flag: ${config}`,
});

const way = ['--ssh-url', nowhere];
test.serial(keyNeedsTrust, 'ssh-hostkey: SHA256:x', ...way);
test.serial(keyNeedsTrust, 'ssh-known-hosts: known_hosts', ...way);
test.serial(keyNeedsTrust, 'ssh-id: id', ...way);
test.serial(keyNeedsTrust, 'transport: openssh', ...way);
test.serial(keyNeedsTrust, 'seeds: unix:///run/other.sock', ...way);
test.serial(keyNeedsTrust, 'tls: { cacert: ca.pem }', ...way);
test.serial(keyNeedsTrust, 'tls: { cert: a, key: b }', ...way);
test.serial(keyNeedsTrust, 'namespace: /other', ...way);
test.serial(keyNeedsTrust, 'hostname: somebody', ...way);
test.serial(keyNeedsTrust, `ssh-url: ${nowhere}`, '--seeds', 'http://127.0.0.1:1');

test.serial('a file of which nothing would be used is not in the way', async (t) => {
  const desk = await Desk.make(t, `ssh-hosts: [a]\nssh-url: evil\nseeds: http://evil\nhostname: evil\n`);
  const flags = ['--ssh-url', nowhere, '--seeds', 'http://127.0.0.1:2379', '--hostname', 'me'];
  t.is((await desk.status(...flags)).code, wentThere);
  t.is((await desk.status(...flags.slice(2))).code, refused);
});

test.serial('a file that is named counts as said, and so does the own one', async (t) => {
  const desk = await Desk.make(t);
  t.is((await desk.status('--config', 'hawser.yaml')).code, wentThere);
  await desk.write('name: app\n');
  const own = path.join(desk.home, '.config', 'hawser');
  await mkdir(own, { recursive: true });
  await writeFile(path.join(own, 'hawser.yaml'), `ssh-url: ${nowhere}\n`);
  t.is((await desk.status()).code, wentThere, 'the file of the app does not hide the own one');
  t.is((await desk.hawser(['status'], own)).code, wentThere);
  await chmod(path.join(own, 'hawser.yaml'), 0o666);
  t.is((await desk.status()).code, refused, 'others could have written it');
});

test.serial('a relative XDG_CONFIG_HOME does not make a directory the own one', async (t) => {
  const desk = await Desk.make(t, 'name: app\n');
  await mkdir(path.join(desk.folder, 'hawser'));
  await writeFile(path.join(desk.folder, 'hawser', 'hawser.yaml'), `ssh-url: ${nowhere}\n`);
  const { code, stderr } = await hawser(['status'], {
    cwd: desk.folder,
    env: { ...desk.env, XDG_CONFIG_HOME: '.' },
  });
  t.is(code, wrongUsage);
  t.regex(stderr, /No fleet is known/);
});

// Only root can make a file another user's; what is decided of one is tested without it too.
if (process.getuid?.() === 0) {
  const nobody = 65_534;

  test.serial(
    'a file that another user owns, and a link of theirs, are refused even when asked for',
    async (t) => {
      const desk = await Desk.make(t);
      await chown(desk.file, nobody, nobody);
      const trusted = await desk.hawser(['trust', desk.folder]);
      t.is(trusted.code, refused);
      t.regex(trusted.stderr, /another user \(uid 65534\)/);
      t.is((await desk.status()).code, refused);
      t.is((await desk.status('--config', 'hawser.yaml')).code, wentThere);

      const linked = await Desk.make(t);
      await rm(linked.file);
      const mine = path.join(linked.home, 'mine.yaml');
      await writeFile(mine, `ssh-url: ${nowhere}\n`);
      await symlink(mine, linked.file);
      await run('chown', ['--no-dereference', `${nobody}`, linked.file]);
      t.is((await linked.hawser(['trust', linked.folder])).code, refused);
      t.is((await linked.status()).code, refused);
    },
  );

  test.serial('trust ends when another user comes to own the file', async (t) => {
    const desk = await Desk.make(t);
    await desk.trust(t);
    await chown(desk.file, nobody, nobody);
    t.is((await desk.status()).code, refused);
  });

  test.serial('a store of trust that another user could have written is not believed', async (t) => {
    const desk = await Desk.make(t);
    await desk.trust(t);
    const store = path.join(desk.home, '.config', 'hawser', 'trusted');
    const [name = ''] = await readdir(store);
    await chown(path.join(store, name), nobody, nobody);
    t.is((await desk.status()).code, refused);
  });
}

test.serial('the fleet that an app names is used or refused, never another', async (t) => {
  const desk = await Desk.make(t, 'name: app\nfleet: prod\n');
  const own = path.join(desk.home, '.config', 'hawser');
  await mkdir(own, { recursive: true });
  await writeFile(path.join(own, 'hawser.yaml'), `ssh-url: ${nowhere}\n`);
  const deploy = ['deploy', '.', '--no-git', '--yes'];
  const unknown = await desk.hawser(deploy);
  t.is(unknown.code, wrongUsage);
  t.regex(unknown.stderr, /No fleet named prod is known here/);
  t.is((await desk.hawser([...deploy, ...way])).code, wentThere);
  await desk.write('name: app\nfleet: ./theirs.yaml\n');
  t.is((await desk.hawser(deploy)).code, wrongUsage);
});

test.serial('a terminal shows the keys and their values, safe to print, and asks once', async (t) => {
  const config = `ssh-url: ${nowhere}\nhostname: "a\\e[2J\\u202Eb\\u0430"\n`;
  const desk = await Desk.make(t, config);
  const options = { cwd: desk.folder, env: desk.env };
  const ask = (...more: string[]) => hawserInTerminal(t, ['size', '3', ...more], options);

  const no = ask('--yes');
  await no.shows(/Trust this directory.*\(y\/N\)/);
  t.true(no.screen().includes(`ssh-url: ${nowhere}`), no.screen());
  t.true(no.screen().includes('hostname: "a\\u{1b}[2J\\u{202e}b\\u{430}"'), no.screen());
  no.type('\r');
  t.is(await no.exited, refused, no.screen());

  const end = ask();
  await end.shows(/Trust this directory/);
  end.type('\x04');
  t.is(await end.exited, 130, end.screen());

  const yes = ask();
  await yes.shows(/Trust this directory/);
  yes.type('y\r');
  t.is(await yes.exited, wentThere, yes.screen());
  t.is((await desk.status()).code, wentThere);

  await desk.write(
    `ssh-url: [${Array.from({ length: 50 }, (_, port) => `root@a:${port + 1}`).join(', ')}]\n`,
  );
  const tooLong = ask();
  t.is(await tooLong.exited, refused, tooLong.screen());
  t.notRegex(tooLong.screen(), /\(y\/N\)/);
});

test.serial('a list of what is trusted takes nothing besides', async (t) => {
  const desk = await Desk.make(t);
  for (const besides of ['--remove', desk.folder]) {
    const { code, stdout, stderr } = await desk.hawser(['trust', '--list', besides]);
    t.deepEqual({ code, stdout }, { code: wrongUsage, stdout: '' });
    t.true(stderr.includes(`leave out ${besides}.`), stderr);
  }
});

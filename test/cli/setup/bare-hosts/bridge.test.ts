import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { SUDO_PASSWORD } from '../../../../fixtures/fleet/bare/setup-script.js';
import { EtcdWorld } from '../../../../world/etcd-world.js';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { hawser, type Result } from '../../helpers/hawser.js';
import { hawserInTerminal } from '../../helpers/terminal.js';
import { Laptop } from './laptop.js';

const host = { packages: ['etcd-server'], hasNode: true };
const NODE = '--use-host-node';

/** Fleets of one host each: of a user who may only sudo, and of a host whose sshd forwards no unix socket. */
const [SUDO, CLOSED] = ['sudo-only', 'closed'];

let fleet: BareFleet;
let laptop: Laptop;

test.before(async () => {
  const sshdConfig = 'AllowStreamLocalForwarding no';
  fleet = await createBareFleet({ hosts: { web1: { ...host, user: 'ann' }, web2: { ...host, sshdConfig } } });
  laptop = await Laptop.of(fleet, 'laptop');
});
test.after.always(() => fleet?.close());

/** Runs it with a program that answers questions, and says what was asked. */
async function answering(
  answer: string,
  ...args: readonly string[]
): Promise<Result & { readonly asked: readonly string[] }> {
  const [program, asked] = [join(laptop.home, 'askpass'), join(laptop.home, 'asked')];
  await writeFile(asked, '');
  await writeFile(program, `#!/bin/sh\necho "$1" >>'${asked}'\necho '${answer}'\n`, { mode: 0o700 });
  const env = { ...laptop.env, SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force' };
  const result = await hawser(args, { env });
  return { ...result, asked: (await readFile(asked, 'utf8')).split('\n').filter(Boolean) };
}

function fleetFile(name: string): Promise<string> {
  return readFile(join(laptop.home, '.config/hawser/fleets', `${name}.yaml`), 'utf8');
}

async function on(name: string, script: string): Promise<string> {
  const { stdout } = await fleet.host(name).exec(['sh', '-c', script]);
  return stdout;
}

/** The bridges that run on a host; this search is none of them. */
const BRIDGES = `
for each in /proc/[0-9]*; do
  tr '\\0' ' ' <"$each/cmdline" 2>/dev/null | grep -q 'hawser.cjs [b]ridge' && echo "$each"
done; :`;

test.serial('a user who declines the group is entered by sudo, with its password', async (t) => {
  const options = { cwd: laptop.home, env: laptop.env, columns: 200 };
  const up = hawserInTerminal(t, laptop.upArguments('web1', NODE, '--name', SUDO), options);
  await up.shows(/Put ann on web1 into the group hawser, .*\?/);
  up.type('n\r');
  await up.shows(/Go ahead\?/);
  t.notRegex(up.screen(), /put ann into/);
  up.type('y\r');
  t.is(await up.exited, 0, up.screen());
  t.regex(await fleetFile(SUDO), /sudo: true/);
  t.notRegex(await on('web1', 'getent group hawser'), /ann/);
  const set = await answering(SUDO_PASSWORD, 'str', 'set', 'motto', 'by sudo', '--fleet', SUDO);
  t.is(set.code, 0, set.stderr);
  t.deepEqual(set.asked, ['Password of ann@web1 for sudo:']);
  // Several connections, one question.
  const status = await answering(SUDO_PASSWORD, 'status', '--fleet', SUDO);
  t.is(status.code, 0, status.stderr);
  t.regex(status.stdout, /web1 +up +voter/);
  t.is(status.asked.length, 1);
  const again = await laptop.up(NODE, '--fleet', SUDO);
  t.regex(again.stdout, /Nothing to do/);
  t.is(again.code, 0);
});

test.serial(
  'without the right password nobody gets in, and the host hears of no more than three',
  async (t) => {
    const nobody = await laptop.run('status', '--fleet', SUDO);
    t.is(nobody.code, 3);
    t.regex(nobody.stderr, /sudo asks ann for a password on web1, and there is no terminal to ask on/);
    const failures = async () =>
      Number(await on('web1', 'journalctl -t sudo | grep -c "authentication failure"'));
    const before = await failures();
    const wrong = await answering('a wrong one', 'status', '--fleet', SUDO);
    t.is(wrong.code, 3);
    t.regex(wrong.stderr, /sudo on web1 does not take the password of ann/);
    t.is(wrong.asked.length, 3);
    t.true((await failures()) - before <= 3);
    t.notRegex(await on('web1', 'journalctl --no-pager'), new RegExp(SUDO_PASSWORD));
  },
);

test.serial('a rule for the bridge alone spares the question, and allows nothing else', async (t) => {
  const rule = 'ann ALL=(root) NOPASSWD: /opt/hawser/bin/hawser bridge /run/hawser/etcd.sock';
  await on('web1', `gpasswd -d ann sudo; echo '${rule}' >/etc/sudoers.d/hawser`);
  const got = await laptop.run('str', 'get', 'motto', '--fleet', SUDO);
  t.is(got.stdout, 'by sudo\n', got.stderr);
  const other = ['sudo', '-n', '/opt/hawser/bin/hawser', 'bridge', '/run/other.sock'] as const;
  t.not((await fleet.host('web1').exec(other, { user: 'ann' })).code, 0);
});

test.serial('up notes where sshd forwards no unix sockets, and every command gets in there', async (t) => {
  const up = await laptop.up('web2', NODE, '--name', CLOSED, '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  t.regex(await fleetFile(CLOSED), /bridge: true/);
  for (const args of [['status'], ['members'], ['str', 'set', 'motto', 'bridged'], ['str', 'get', 'motto']]) {
    const { code, stderr } = await laptop.run(...args, '--fleet', CLOSED);
    t.is(code, 0, stderr);
  }
});

test.serial('a forward through a bridge heals when the agent starts again', async (t) => {
  const running = laptop.start('forward', '--fleet', CLOSED);
  const { stdout } = running.child;
  const address = await new Promise<string>((resolve) =>
    stdout?.once('data', (line) => resolve(String(line).trim())),
  );
  await using world = await EtcdWorld.open({ seeds: [address] });
  const call = { timeoutMs: 60_000 };
  t.is(await world.strGet('motto', call), 'bridged');
  await on('web2', 'systemctl restart hawser');
  t.is(await world.strGet('motto', call), 'bridged');
  running.child.kill('SIGINT');
  await running.result;
});

test.serial('what is wrong on the host is said, and Ctrl-C leaves no bridge there', async (t) => {
  await on('web2', 'systemctl stop hawser');
  const stopped = await laptop.run('str', 'get', 'motto', '--fleet', CLOSED);
  t.is(stopped.code, 3);
  t.regex(stopped.stderr, /hawser bridge .* did not connect: (There is no socket|Nothing listens at)/);
  await on('web2', 'mv /opt/hawser/bin/hawser /opt/hawser/bin/away');
  const missing = await laptop.run('str', 'get', 'motto', '--fleet', CLOSED);
  t.is(missing.code, 3);
  t.regex(missing.stderr, /did not connect: .*\/opt\/hawser\/bin\/hawser: No such file/);
  await on('web2', 'mv /opt/hawser/bin/away /opt/hawser/bin/hawser; systemctl start hawser');
  const running = laptop.start('forward', '--fleet', CLOSED);
  const { stdout } = running.child;
  const address = await new Promise<string>((resolve) =>
    stdout?.once('data', (line) => resolve(String(line).trim())),
  );
  await using world = await EtcdWorld.open({ seeds: [address] }, { timeoutMs: 60_000 });
  t.is(await world.strGet('motto'), 'bridged');
  t.not(await on('web2', BRIDGES), '');
  running.child.kill('SIGINT');
  t.is((await running.result).code, 130);
  await world.close();
  await waitUntil('no bridge runs', async () => (await on('web2', BRIDGES)) === '');
  t.pass();
});

test.serial('down takes such hosts out, too', async (t) => {
  for (const name of [SUDO, CLOSED]) {
    // The rule for the bridge alone is not enough for that.
    await on('web1', 'usermod -aG sudo ann');
    const { code, stdout, stderr } = await laptop.run(
      'down',
      '--all',
      '--yes',
      '--fleet',
      name,
      ...laptop.sudo,
    );
    t.is(code, 0, stdout + stderr);
  }
  t.is(await on('web1', 'ls -d /opt/hawser /run/hawser 2>/dev/null || :'), '');
});

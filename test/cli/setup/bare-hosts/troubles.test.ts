import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import type { Result } from '../../helpers/hawser.js';
import { hawserInTerminal } from '../../helpers/terminal.js';
import { Laptop } from './laptop.js';

const OPT_BYTES = 400_000_000;

let fleet: BareFleet;
let laptop: Laptop;
let before: Map<string, string>;

test.before(async () => {
  fleet = await createBareFleet({
    hosts: {
      web1: { packages: ['etcd-server', 'iproute2', 'libfaketime'], tmpfs: { '/opt': OPT_BYTES } },
      web2: { packages: ['etcd-server', 'iproute2', 'libfaketime'], user: 'ann' },
    },
  });
  laptop = await Laptop.of(fleet, 'laptop');
  before = await fleet.host('web1').listFiles();
});
test.after.always(() => fleet?.close());

/** Runs a script as root on a host, past SSH. */
async function onHost(t: ExecutionContext, name: string, script: string): Promise<void> {
  const { code, stderr } = await fleet.host(name).exec(['sh', '-ec', script]);
  t.is(code, 0, stderr);
}

/** What `up` says of web1 while something is wrong there. */
async function planWhile(t: ExecutionContext, wrong: string, mend: string): Promise<Result> {
  await onHost(t, 'web1', wrong);
  const plan = await laptop.up('web1', '--plan');
  await onHost(t, 'web1', mend);
  return plan;
}

test.serial('a file system that cannot be written to is named', async (t) => {
  const readOnly = 'mount --bind /var/lib /var/lib && mount -o remount,bind,ro /var/lib';
  const plan = await planWhile(t, readOnly, 'umount /var/lib');
  t.is(plan.code, 1, plan.stderr);
  t.regex(plan.stderr, /root cannot write to \/var\/lib on web1: mount it read-write/);
});

test.serial('a clock that is minutes off is named', async (t) => {
  // What is run over SSH asks the system for the time through a library that adds to it.
  const late = `
library=$(find /usr/lib -name libfaketime.so.1)
[ -n "$library" ]
printf 'LD_PRELOAD=%s\\nFAKETIME=-10m\\n' "$library" >/etc/environment`;
  await onHost(t, 'web1', 'cp -p /etc/environment /run/environment');
  const plan = await planWhile(t, late, 'cp -p /run/environment /etc/environment');
  t.is(plan.code, 1, plan.stderr);
  t.regex(plan.stderr, /The clock of web1 is (599|60\d) s behind this machine's: certificates/);
});

test.serial('a port that is taken is named', async (t) => {
  const listen = 'systemd-run --quiet --unit=other --socket-property=ListenStream=2380 sleep inf';
  const plan = await planWhile(t, listen, 'systemctl stop other.socket');
  t.is(plan.code, 1, plan.stderr);
  t.regex(plan.stderr, /Port 2380 of web1 is taken: the fleet's etcd needs it\. Stop what listens there/);
});

test.serial('a packet filter between hosts is named, and which of them it cuts off', async (t) => {
  const rule = `ip saddr ${fleet.host('web2').address} tcp dport { 2379, 2380 } drop`;
  const table = `table inet filter {
  chain in { type filter hook input priority 0; ${rule}; }
}`;
  await onHost(t, 'web1', `nft '${table}'`);
  const plan = await laptop.up('web1', 'web2', '--plan');
  await onHost(t, 'web1', 'nft delete table inet filter');
  t.is(plan.code, 1, plan.stdout + plan.stderr);
  t.regex(
    plan.stdout,
    /web2 is cut off from web1: web2 gets no answer from web1 at [\d.]+, ports 2379 and 2380\. Open TCP ports/,
  );
});

test.serial('a machine that is named twice takes part once', async (t) => {
  const { destination = '' } = fleet.host('web1');
  const plan = await laptop.up('web1', `again=${destination}`, '--plan');
  t.is(plan.code, 1, plan.stderr);
  t.true(plan.stdout.includes(`${destination} and web1 are the same machine: name it once.`), plan.stdout);
});

test.serial('of two machines of one name the second is refused, and told how to call it', async (t) => {
  await onHost(t, 'web2', 'hostname web1');
  const [one = '', two = ''] = fleet.hosts.map(({ destination }) => destination);
  const plan = await laptop.up(one, two, '--plan');
  await onHost(t, 'web2', 'hostname web2');
  t.is(plan.code, 1, plan.stderr);
  const said = `${two} and ${one} would both be called web1: name one of them differently, such as web1b=${two}.`;
  t.true(plan.stdout.includes(said), plan.stdout);
});

test.serial('a wrong password for sudo is said, and not which', async (t) => {
  const file = join(laptop.home, 'wrong');
  await writeFile(file, 'hunter2\n', { mode: 0o600 });
  const plan = await laptop.run('up', 'web2', '--plan', '--sudo-password-file', file);
  t.is(plan.code, 3, plan.stdout + plan.stderr);
  t.regex(plan.stderr, /sudo on web2 does not take the password of ann in .*wrong/);
  t.notRegex(plan.stdout + plan.stderr, /hunter2/);
});

test.serial('the address of a host that has several is asked for', async (t) => {
  await onHost(t, 'web1', 'ip addr add 10.99.0.1/24 dev eth0');
  const config = join(laptop.home, '.ssh/config');
  // Through itself: SSH comes in by an address that no other host can dial.
  const inside = 'Host inside\n  HostName 127.0.0.1\n  Port 22\n  User root\n  ProxyJump web1\n\n';
  await writeFile(config, `${inside}${await readFile(config, 'utf8')}`);
  await appendFile(join(laptop.home, '.ssh/known_hosts'), `127.0.0.1 ${fleet.host('web1').hostKey}\n`);
  const unattended = await laptop.up('inside', '--plan');
  t.is(unattended.code, 2, unattended.stdout + unattended.stderr);
  t.regex(unattended.stderr, /Pass --address inside=ADDRESS: it has several, [\d.]+, 10\.99\.0\.1\./);
  const options = { cwd: laptop.home, env: laptop.env };
  const terminal = hawserInTerminal(t, laptop.upArguments('inside', '--name', 'prod'), options);
  await terminal.shows(/At which address do the other hosts reach inside: [\d.]+, 10\.99\.0\.1\?/);
  terminal.type('web1\r');
  await terminal.shows(/Type an IP address\./);
  terminal.type('\x7f\x7f\x7f\x7f10.99.0.1\r');
  await terminal.shows(/address 10\.99\.0\.1\b/);
  await terminal.shows(/Go ahead\?/);
  terminal.type('n\r');
  t.is(await terminal.exited, 1, terminal.screen());
  await onHost(t, 'web1', 'ip addr del 10.99.0.1/24 dev eth0');
});

test.serial('nothing was changed by all that', async (t) => {
  const after = await fleet.host('web1').listFiles();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) =>
      before.get(path) !== after.get(path) && !/^\/(run|tmp|var\/(log|tmp|lib\/systemd))\//.test(path),
  );
  t.deepEqual(changed, []);
});

test.serial(
  'a disk that becomes full during the upload is named, and up goes on when there is room',
  async (t) => {
    const running = laptop.start(...laptop.upArguments('web1', '--name', 'prod', '--yes', '--verbose'));
    await running.says(/begins to send the programs/);
    running.child.kill('SIGSTOP');
    await fleet.host('web1').exec(['sh', '-c', 'cat /dev/zero >/opt/full']);
    running.child.kill('SIGCONT');
    const failed = await running.result;
    t.is(failed.code, 1, failed.stdout + failed.stderr);
    t.regex(
      failed.stdout,
      /^web1: could not send the programs: Could not store the \w+ in \/opt\/hawser on web1: .*No space left/m,
    );
    const full = await laptop.up('--plan');
    t.is(full.code, 1, full.stdout + full.stderr);
    t.regex(full.stderr, /web1 has 0 B free in \/opt, and hawser needs 300\.0 MB: make room there/);
    await onHost(t, 'web1', 'rm /opt/full');
    const up = await laptop.up('--yes');
    t.is(up.code, 0, up.stdout + up.stderr);
  },
);

test.serial('a host key that has changed is refused and named, whoever else is there', async (t) => {
  await fleet.host('web1').replaceHostKey();
  const plan = await laptop.up('--plan');
  t.is(plan.code, 4, plan.stdout + plan.stderr);
  t.regex(plan.stderr, /Refused to talk to root@127\.0\.0\.1:\d+: it presented .* but only .* is accepted/);
  const mixed = await laptop.up('web2', '--plan');
  t.is(mixed.code, 1, mixed.stdout + mixed.stderr);
  t.regex(mixed.stderr, /web1 may have it: .* Refused to talk to root@127\.0\.0\.1:\d+: it presented/);
  await fleet.host('web2').replaceHostKey();
  const both = await laptop.up('web2', '--plan');
  t.is(both.code, 4, both.stdout + both.stderr);
  t.regex(both.stderr, /web1: Refused to talk to .*web2: Refused to talk to /);
});

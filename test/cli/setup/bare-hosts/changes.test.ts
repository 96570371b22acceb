import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { type BareFleet, createBareFleet, ETCDCTL } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { startHawser } from '../../helpers/hawser.js';
import { DOORS, STRANGER, tryDoors } from './doors-of-a-laptop.js';
import { Laptop } from './laptop.js';
import { buildCommitBefore, makeBrokenBuild } from './other-builds.js';

const HOSTS = ['web1', 'web2', 'web3', 'web4'];
const NODE = '--use-host-node';

let fleet: BareFleet;
let home: string | undefined;
let laptop: Laptop;
let releases: Map<string, string>;

test.before(async () => {
  const host = { packages: ['etcd-server'], hasNode: true };
  fleet = await createBareFleet({ hosts: Object.fromEntries(HOSTS.map((name) => [name, host])) });
  // As homes are by default on many a machine: others can enter it.
  home = await mkdtemp(join(tmpdir(), 'home-'));
  await chmod(home, 0o755);
  laptop = await Laptop.of(fleet, home);
});
test.after.always(async () => {
  await fleet?.close();
  if (home !== undefined) await rm(home, { recursive: true });
});

async function onHost(name: string, script: string): Promise<string> {
  return (await fleet.host(name).exec(['sh', '-c', script])).stdout.trim();
}

/** Which release runs on each host. */
async function releasesNow(): Promise<Map<string, string>> {
  const found = await Promise.all(
    HOSTS.map(async (name) => [name, await onHost(name, 'readlink /opt/hawser/current')] as const),
  );
  return new Map(found);
}

async function leader(): Promise<string | undefined> {
  const etcdctl = `ETCDCTL_API=3 ${ETCDCTL} --endpoints unix:///run/hawser/etcd.sock endpoint status -w fields`;
  const leads = await Promise.all(
    HOSTS.map(async (name) => {
      const said = await onHost(name, etcdctl);
      const [, member] = /"MemberID" : (\d+)/.exec(said) ?? [];
      const [, leading] = /"Leader" : (\d+)/.exec(said) ?? [];
      return member !== undefined && member === leading;
    }),
  );
  return HOSTS.find((_, index) => leads[index]);
}

async function areUp(t: ExecutionContext, ...names: readonly string[]): Promise<void> {
  const { stdout, stderr } = await laptop.run('status', '--json');
  const { hosts } = JSON.parse(stdout) as { hosts: { hostname: string; alive: boolean }[] };
  const alive = hosts.filter((host) => host.alive).map(({ hostname }) => hostname);
  t.deepEqual(alive.sort(), [...names].sort(), stdout + stderr);
  t.is((await laptop.run('str', 'get', 'motd')).stdout, 'still here\n');
}

/** A host that has just come back, or takes the place of another, votes a moment later. */
async function untilVoters(...names: readonly string[]): Promise<void> {
  const watch = startHawser(['members', '--watch', '--json'], { env: laptop.env });
  const ended = once(watch, 'exit');
  for await (const line of createInterface({ input: watch.stdout ?? process.stdin })) {
    const members = JSON.parse(line) as { name: string; isLearner: boolean }[];
    const voters = members.filter(({ isLearner }) => !isLearner).map(({ name }) => name);
    if (voters.sort().join() === names.join()) break;
  }
  watch.kill('SIGTERM');
  await ended;
}

test.serial(
  'hosts are upgraded from the commit before, one after the other and the leader last',
  async (t) => {
    const before = await buildCommitBefore(join(fleet.folder, 'before'));
    laptop.program = before.program;
    const up = await laptop.up(...HOSTS, NODE, '--name', 'prod', '--yes');
    t.is(up.code, 0, up.stdout + up.stderr);
    t.is((await laptop.run('str', 'set', 'motd', 'still here')).code, 0);
    laptop.program = undefined;
    const read = await laptop.run('str', 'get', 'motd');
    t.is(read.stdout, 'still here\n');
    const was = await releasesNow();
    const last = await leader();
    const plan = await laptop.run('upgrade', '--plan', '--json');
    const { order } = JSON.parse(plan.stdout) as { order: string[] };
    t.deepEqual([...order].sort(), HOSTS);
    t.is(order.at(-1), last);
    const upgrade = await laptop.run('upgrade', '--yes');
    t.is(upgrade.code, 0, upgrade.stdout + upgrade.stderr);
    t.regex(upgrade.stderr, new RegExp(`from ${before.version}`));
    const started = await Promise.all(
      order.map((name) =>
        onHost(name, 'systemctl show --value -p ActiveEnterTimestampMonotonic hawser.service'),
      ),
    );
    t.deepEqual(
      started.map(Number),
      started.map(Number).sort((a, b) => a - b),
    );
    releases = await releasesNow();
    t.is(new Set(releases.values()).size, 1);
    for (const name of HOSTS) t.not(releases.get(name), was.get(name));
    await areUp(t, ...HOSTS);
  },
);

test.serial('another user of the laptop gets nothing of the fleet', async (t) => {
  const forward = startHawser(['forward'], { env: laptop.env });
  const ended = once(forward, 'exit');
  const [line] = (await once(createInterface({ input: forward.stdout ?? process.stdin }), 'line')) as [
    string,
  ];
  const places = { home: laptop.home, socket: new URL(line).pathname, pid: forward.pid ?? 0 };
  const owner = await tryDoors(places, []);
  const stranger = await tryDoors(places, STRANGER);
  forward.kill('SIGTERM');
  await ended;
  t.deepEqual(stranger, ['entered the home']);
  // All of them are doors that lead somewhere.
  t.is(owner.length, DOORS, owner.join('\n'));
});

test.serial('a build that does not run is taken back on its first host, and goes to no other', async (t) => {
  laptop.program = await makeBrokenBuild(join(fleet.folder, 'broken'));
  const upgrade = await laptop.run('upgrade', '--yes');
  laptop.program = undefined;
  t.is(upgrade.code, 1, upgrade.stdout + upgrade.stderr);
  t.regex(upgrade.stderr, /goes back to hawser .*: The agent on \w+ .*: this build is broken/);
  t.deepEqual(await releasesNow(), releases);
  await areUp(t, ...HOSTS);
});

test.serial('a host that was taken out with its data kept comes back', async (t) => {
  const down = await laptop.run('down', 'web4', '--keep-data', '--yes');
  t.is(down.code, 0, down.stdout + down.stderr);
  t.not(await onHost('web4', 'ls /var/lib/hawser'), '');
  t.is(await onHost('web4', 'ls -d /opt/hawser /etc/hawser /run/hawser'), '');
  await areUp(t, 'web1', 'web2', 'web3');
  const up = await laptop.up('web4', NODE, '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  await areUp(t, ...HOSTS);
});

test.serial('a host that is gone for good is forgotten', async (t) => {
  const running = await laptop.run('down', 'web4', '--gone', '--yes');
  t.is(running.code, 1, running.stdout + running.stderr);
  t.regex(running.stderr, /The agent of web4 is running, so it is not gone/);
  await fleet.host('web4').kill();
  const down = await laptop.run('down', 'web4', '--gone', '--yes');
  t.is(down.code, 0, down.stdout + down.stderr);
  await areUp(t, 'web1', 'web2', 'web3');
});

test.serial('a host that the majority needs is taken out by force only', async (t) => {
  await untilVoters('web1', 'web2', 'web3');
  await fleet.host('web3').kill();
  const refused = await laptop.run('down', 'web2', '--yes', '--timeout', '5s');
  t.is(refused.code, 4, refused.stdout + refused.stderr);
  const forced = await laptop.run('down', 'web2', '--force', '--yes', '--timeout', '5s');
  t.is(forced.code, 0, forced.stdout + forced.stderr);
  await areUp(t, 'web1');
  t.is(await onHost('web2', 'ls -d /opt/hawser /etc/hawser /run/hawser /var/lib/hawser'), '');
});

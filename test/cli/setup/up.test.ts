import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import test from 'ava';
import { readFleet } from '../../../cli/fleet/file/read-fleet.js';
import { issueHostCertificate } from '../../../cli/setup/certificates/issue-certificate.js';
import { type BareFleet, createBareFleet, ETCDCTL } from '../../../fixtures/fleet/bare/bare-fleet.js';
import type { BareHost } from '../../../fixtures/fleet/bare/bare-host.js';
import { SUDO_PASSWORD } from '../../../fixtures/fleet/bare/setup-script.js';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { AGENTS_PREFIX } from '../../../world/keys.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { hawser, type Result, startHawser, temporaryFolder } from '../helpers/hawser.js';

const packages = ['etcd-server'];

let fleet: BareFleet;
let etcd: string;
let before: Map<string, string>[];

test.before(async () => {
  fleet = await createBareFleet({
    hosts: {
      web1: { packages },
      web2: { packages, user: 'ann' },
      web3: { packages, isBehindJump: true },
      // No etcd, and apt has none either.
      web4: { init: 'none' },
    },
  });
  etcd = (await resolveEtcd('3.5')).etcd;
  await writeFile(path.join(fleet.home, 'password'), `${SUDO_PASSWORD}\n`, { mode: 0o600 });
  // Somebody else's, by chance of our names.
  for (const [program, ...rest] of [
    ['groupadd', '--system', 'hawser'],
    ['useradd', '--system', '--no-create-home', 'hawser-app'],
    ['gpasswd', '--add', 'bob', 'hawser'],
  ] as const) {
    await fleet.host('web4').exec([program, ...rest]);
  }
  before = await Promise.all(fleet.hosts.map((host) => host.listFiles()));
});
test.after.always(() => fleet?.close());

function onLaptop(...args: readonly string[]): Promise<Result> {
  return hawser(args, { env: { HOME: fleet.home } });
}

function setUp(...args: readonly string[]): Promise<Result> {
  const password = ['--sudo-password-file', path.join(fleet.home, 'password')];
  return onLaptop('up', ...args, ...password, '--runtime', process.execPath, '--etcd', etcd);
}

/** What is open answers at once. */
const IMPATIENT = ['--insecure-skip-tls-verify', '--dial-timeout', '1s', '--command-timeout', '3s'] as const;

/** Ends with 0 if it is let in. */
const CONNECT = "require('net').connect(process.argv[1], () => process.exit())";

/** Whether an unprivileged user of a host gets anything out of it. */
async function tryAsBob(host: BareHost): Promise<string[]> {
  const { address } = host;
  const endpoints = ['unix:///run/hawser/etcd.sock', `https://${address}:2379`, `http://${address}:2379`];
  const doors: (readonly [string, ...string[]])[] = [
    ...endpoints.map((url) => [ETCDCTL, '--endpoints', url, ...IMPATIENT, 'get', '/', '--prefix'] as const),
    ['ls', '/run/hawser'],
    ['sh', '-c', `exec /opt/hawser/runtime/*/bin/node -e "${CONNECT}" /run/hawser/metrics.sock`],
    ['ls', '/var/lib/hawser'],
    ['cat', '/etc/hawser/tls/host.key'],
    ['sh', '-c', ': >>/opt/hawser/current/hawser.cjs'],
    ['sh', '-c', ': >>/etc/hawser/agent.args'],
  ];
  const entered: string[] = [];
  for (const door of doors) {
    const { code } = await host.exec(['timeout', '10', ...door], { user: 'bob' });
    if (code === 0) entered.push(door.join(' '));
  }
  return entered;
}

test.serial('a plan changes nothing', async (t) => {
  const plan = await setUp('web1', 'web2', '--name', 'prod', '--plan');
  t.is(plan.code, 0, plan.stderr);
  t.regex(plan.stdout, /New fleet prod: 2 hosts/);
  t.regex(plan.stdout, /put ann into the group hawser/);
  t.regex(plan.stdout, /can run anything as root on every host/);
  const refused = await setUp('web1', 'web2', '--name', 'prod');
  t.is(refused.code, 4, refused.stderr);
  const [web1] = fleet.hosts;
  t.deepEqual(await web1?.listFiles(), before[0]);
});

test.serial('hosts that do not reach each other are named before anything is changed', async (t) => {
  const [web1, web2] = fleet.hosts;
  // Of their network, and nobody has it.
  const nobody = web2?.address.replace(/\.\d+$/, '.253');
  const plan = await setUp('web1', 'web2', '--name', 'prod', '--address', `web2=${nobody}`, '--plan');
  t.is(plan.code, 1, plan.stdout + plan.stderr);
  t.regex(plan.stdout, /web2: web2 is cut off from web1: web1 [a-z ]+ web2 at [\d.]+, ports 2379 and 2380\./);
  t.deepEqual(await web1?.listFiles(), before[0]);
});

test.serial('bare hosts become a fleet, and every command works without a flag', async (t) => {
  const up = await setUp('web1', 'web2', 'web3', '--name', 'prod', '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  t.regex(up.stdout, /web1 +up +voter.*web2 +up +voter.*web3 +up +voter/s);
  const status = JSON.parse((await onLaptop('status', '--json')).stdout) as { hosts: { hostname: string }[] };
  t.deepEqual(status.hosts.map(({ hostname }) => hostname).sort(), ['web1', 'web2', 'web3']);
  t.is((await onLaptop('str', 'set', 'motd', 'secret of the fleet')).code, 0);
  t.is((await onLaptop('str', 'get', 'motd')).stdout, 'secret of the fleet\n');
  const metrics = await fleet.host('web1').exec(['stat', '--format', '%a %G', '/run/hawser/metrics.sock']);
  t.is(metrics.stdout, '660 hawser\n');
  const etcdctl = [ETCDCTL, '--endpoints', 'unix:///run/hawser/etcd.sock'] as const;
  const older = { hostname: 'web9', instance: 'a', version: '0.0.1', startedAt: '', pid: 1 };
  const key = `/_mgmt${AGENTS_PREFIX}web9`;
  await fleet.host('web1').exec([...etcdctl, 'put', key, JSON.stringify(older)]);
  const again = await setUp();
  await fleet.host('web1').exec([...etcdctl, 'del', key]);
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /Nothing to do\./);
  t.regex(again.stderr, /web9 runs hawser 0\.0\.1 .* run "hawser upgrade"/);
  const unit = '/etc/systemd/system/hawser.service';
  const verified = await fleet.host('web1').exec(['systemd-analyze', 'verify', unit]);
  t.deepEqual([verified.code, verified.stderr], [0, '']);
});

test.serial('another user of a host gets nothing of it', async (t) => {
  for (const host of fleet.hosts.slice(0, 3)) t.deepEqual(await tryAsBob(host), [], host.name);
});

test.serial('a fleet that stands still because its certificates have expired is mended by up', async (t) => {
  const hosts = fleet.hosts.slice(0, 3);
  const file = path.join(fleet.home, '.config/hawser/fleets/prod');
  const { authority: cert = '' } = await readFleet(`${file}.yaml`);
  const authority = { cert, key: await readFile(`${file}.key`, 'utf8') };
  const longAgo = new Date(Date.now() - 400 * 24 * 60 * 60 * 1_000);
  for (const host of hosts) {
    const expired = issueHostCertificate(
      authority,
      { hostname: host.name, addresses: [host.address] },
      longAgo,
    );
    await host.exec(['sh', '-c', 'cat >/etc/hawser/tls/host.crt'], { input: expired.cert });
    await host.exec(['sh', '-c', 'cat >/etc/hawser/tls/host.key'], { input: expired.key });
  }
  for (const host of hosts) await host.exec(['systemctl', 'kill', '--signal=KILL', 'hawser.service']);
  t.not((await onLaptop('str', 'get', 'motd', '--timeout', '10s')).code, 0);
  const plan = await setUp('--plan');
  for (const { name } of hosts) t.regex(plan.stdout, new RegExp(`${name}.*renew its certificate`, 's'));
  const up = await setUp('--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  t.is((await onLaptop('str', 'get', 'motd')).stdout, 'secret of the fleet\n');
});

/** When each host was out, from the stop of its agent to its vote, in order. */
async function outages(
  hosts: readonly BareHost[],
  since: string,
): Promise<[from: number, to: number, name: string][]> {
  const all = hosts.map(async (host) => {
    const log = [
      'journalctl',
      '--unit',
      'hawser',
      '--output',
      'short-unix',
      '--no-pager',
      '--since',
      since,
    ] as const;
    const lines = (await host.exec(log)).stdout.split('\n');
    const at = (event: RegExp) =>
      lines.filter((line) => event.test(line)).map((line) => Number(line.split(' ')[0]));
    const backs = at(/is a voting member/);
    return at(/Stopping hawser\.service/).map((from, index): [number, number, string] => [
      from,
      backs[index] ?? Number.POSITIVE_INFINITY,
      host.name,
    ]);
  });
  return (await Promise.all(all)).flat().sort(([a], [b]) => a - b);
}

/** Writes through the etcd of any host that takes it, one after another, until told to stop. */
async function writeUntil(
  stopped: () => boolean,
  hosts: readonly BareHost[],
): Promise<{ acknowledged: string[]; refused: string[] }> {
  const to = [ETCDCTL, '--endpoints', 'unix:///run/hawser/etcd.sock', '--command-timeout', '5s'] as const;
  const isTaken = async (value: string) => {
    for (const host of hosts) {
      if ((await host.exec([...to, 'put', `/written/${value}`, value])).code === 0) return true;
    }
    return false;
  };
  const written = { acknowledged: [] as string[], refused: [] as string[] };
  for (let number = 0; !stopped(); number += 1) {
    const value = String(number);
    written[(await isTaken(value)) ? 'acknowledged' : 'refused'].push(value);
  }
  return written;
}

/** Whether etcd on web1 lets somebody in who has such a certificate. */
async function entersWith({ cert, key }: { readonly cert: string; readonly key: string }): Promise<boolean> {
  const host = fleet.host('web1');
  await host.exec(['sh', '-c', 'umask 077; cat >/run/try.crt'], { input: cert });
  await host.exec(['sh', '-c', 'umask 077; cat >/run/try.key'], { input: key });
  const shown = ['--cacert', '/etc/hawser/tls/ca.crt', '--cert', '/run/try.crt', '--key', '/run/try.key'];
  const limits = ['--dial-timeout', '2s', '--command-timeout', '5s'];
  const to = ['--endpoints', `https://${host.address}:2379`];
  return (await host.exec([ETCDCTL, ...to, ...shown, ...limits, 'get', 'x'])).code === 0;
}

test.serial(
  'the authority is replaced without its key while the fleet is written to, also after a cut',
  async (t) => {
    const hosts = fleet.hosts.slice(0, 3);
    const file = path.join(fleet.home, '.config/hawser/fleets/prod');
    const old = {
      cert: (await readFleet(`${file}.yaml`)).authority ?? '',
      key: await readFile(`${file}.key`, 'utf8'),
    };
    const stranger = { hostname: 'laptop', addresses: [fleet.host('web1').address] };
    t.true(await entersWith(issueHostCertificate(old, stranger)));
    await rm(`${file}.key`);
    const since = (await fleet.host('web1').exec(['date', '+%Y-%m-%d %H:%M:%S'])).stdout.trim();
    let isOver = false;
    const writing = writeUntil(() => isOver, hosts);

    const password = ['--sudo-password-file', path.join(fleet.home, 'password')];
    const cut = startHawser(['up', '--new-authority', '--yes', ...password], { env: { HOME: fleet.home } });
    for await (const line of createInterface({ input: cut.stderr ?? Readable.from('') })) {
      if (/trusts the new authority, too/.test(line)) cut.kill('SIGKILL');
    }
    const between = await readFleet(`${file}.yaml`);
    t.is(between.authority?.match(/BEGIN CERTIFICATE/g)?.length, 2);
    const plan = await setUp('--plan');
    t.regex(plan.stdout, /issue a new certificate, because the fleet gets a new authority/);
    const up = await setUp('--yes');
    t.is(up.code, 0, up.stdout + up.stderr);
    isOver = true;
    const { acknowledged, refused } = await writing;

    t.deepEqual(refused, []);
    const range = ['--endpoints', 'unix:///run/hawser/etcd.sock', 'get', '/written/', '--prefix'];
    const found = await fleet.host('web2').exec([ETCDCTL, ...range, '--print-value-only']);
    t.deepEqual(found.stdout.trim().split('\n').sort(), acknowledged.sort());
    const out = await outages(hosts, since);
    t.true(out.length >= 6, JSON.stringify(out));
    for (const [index, [from]] of out.entries())
      t.true(index === 0 || from >= (out[index - 1]?.[1] ?? 0), JSON.stringify(out));
    const { authority: cert = '' } = await readFleet(`${file}.yaml`);
    const now = { cert, key: await readFile(`${file}.key`, 'utf8') };
    t.is(cert.match(/BEGIN CERTIFICATE/g)?.length, 1);
    t.not(cert, old.cert);
    t.true(await entersWith(issueHostCertificate(now, stranger)));
    t.false(await entersWith(issueHostCertificate(old, stranger)));
    t.regex((await setUp()).stdout, /Nothing to do\./);
  },
);

test.serial(
  'a host moves to another address, with its certificate and its place in the cluster',
  async (t) => {
    const host = fleet.host('web2');
    const moved = host.address.replace(/\.\d+$/, '.77');
    await host.exec(['ip', 'address', 'add', `${moved}/24`, 'dev', 'eth0']);
    const plan = await setUp('--address', `web2=${moved}`, '--plan');
    t.regex(plan.stdout, /web2.*address .*\.77\n +issue a new certificate, because its address changed/);
    const up = await setUp('--address', `web2=${moved}`, '--yes');
    t.is(up.code, 0, up.stdout + up.stderr);
    const members = await host.exec([
      ETCDCTL,
      '--endpoints',
      'unix:///run/hawser/etcd.sock',
      'member',
      'list',
    ]);
    t.regex(members.stdout, new RegExp(`web2, https://${moved}:2380, https://${moved}:2379`));
    t.regex((await setUp()).stdout, /Nothing to do\./);
  },
);

test.serial('an app is deployed, and a host without systemd and without etcd joins', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(
    path.join(folder, 'hawser.yaml'),
    'name: clock\nrun: [sh, -c, "while :; do sleep 1; done"]\n',
  );
  const deploy = await onLaptop('deploy', folder, '--no-git', '--yes');
  t.is(deploy.code, 0, deploy.stderr);
  t.regex(deploy.stdout, /is healthy on web1, web2, web3/);
  const joined = await setUp('web4', '--yes');
  t.is(joined.code, 0, joined.stdout + joined.stderr);
  t.regex(joined.stdout + joined.stderr, /can run anything as root on every host: that will be bob\./);
  t.regex(joined.stdout, /web4 +up/);
  const { stdout: program } = await fleet.host('web4').exec(['cat', '/etc/hawser/etcd-program']);
  t.regex(program, /^\/opt\/hawser\/etcd\/etcd-[0-9a-f]{16}\/etcd$/);
});

test.serial('hosts come back after a reboot', async (t) => {
  await fleet.host('web1').restart();
  const again = await setUp();
  t.is(again.code, 0, again.stdout + again.stderr);
});

test.serial('a host is taken out, and nothing stays there', async (t) => {
  const down = await onLaptop(
    'down',
    'web2',
    '--yes',
    '--sudo-password-file',
    path.join(fleet.home, 'password'),
  );
  t.is(down.code, 0, down.stdout + down.stderr);
  t.deepEqual(await changedFiles('web2'), []);
  const status = JSON.parse((await onLaptop('status', '--json')).stdout) as { hosts: { hostname: string }[] };
  t.deepEqual(status.hosts.map(({ hostname }) => hostname).sort(), ['web1', 'web3', 'web4']);
  await waitUntil('web4 takes the place of web2, with the etcd that it was sent', async () => {
    const { stdout } = await onLaptop('status');
    return /web4 +up +voter/.test(stdout);
  });
});

test.serial('the fleet ends, and its hosts are as they were', async (t) => {
  const refused = await onLaptop('down', '--all');
  t.is(refused.code, 4, refused.stderr);
  const down = await onLaptop('down', '--all', '--yes');
  t.is(down.code, 0, down.stdout + down.stderr);
  for (const name of ['web1', 'web3', 'web4']) t.deepEqual(await changedFiles(name), [], name);
  t.not((await onLaptop('status')).code, 0);
});

/** What differs on a host from before, apart from what a system writes by itself. */
async function changedFiles(name: string): Promise<string[]> {
  const index = fleet.hosts.findIndex((host) => host.name === name);
  const [was, is] = [before[index] ?? new Map<string, string>(), await fleet.host(name).listFiles()];
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort();
  return paths.filter((one) => was.get(one) !== is.get(one) && !OF_THE_SYSTEM.test(one));
}

/** Logs, state of systemd, and the backups that groupadd and useradd keep. */
const OF_THE_SYSTEM =
  /^\/(var\/log\/|var\/lib\/systemd\/|var\/lib\/private|var\/tmp\/|tmp\/|run\/|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$|var\/lib\/sudo\/|home\/ann\/\.|root\/\.)/;

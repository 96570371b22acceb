import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Host, startFleet, type TestFleet } from '../../../testing/index.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

let fleet: TestFleet;

test.before(async () => {
  fleet = await startFleet({ hosts: 3, servers: 1, agents: true });
});
test.after.always(() => fleet?.close());

/** Where a host's sshd is for the fleet's other hosts. */
function inside(host: Host): { readonly address: string; readonly port: number } {
  return fleet.backend === 'containers'
    ? { address: host.address, port: 22 }
    : { address: host.sshHost, port: host.sshPort };
}

/** A home whose ssh_config knows h1 from here, h2 through h1 and h3 through h2. */
async function home(
  t: ExecutionContext,
  { wrongKeyOf }: { readonly wrongKeyOf?: Host } = {},
): Promise<string> {
  const folder = await temporaryFolder(t);
  const ssh = path.join(folder, '.ssh');
  await mkdir(ssh, { mode: 0o700 });
  const [first, second, third] = [fleet.host('h1'), fleet.host('h2'), fleet.host('h3')];
  const way = (host: Host, { address, port }: { address: string; port: number }, further: string) =>
    `Host ${host.name}\n  HostName ${address}\n  Port ${port}\n  ${further}\n`;
  await writeFile(
    path.join(ssh, 'config'),
    [
      way(first, { address: first.sshHost, port: first.sshPort }, 'ProxyJump none'),
      way(second, inside(second), 'ProxyJump h1'),
      way(third, inside(third), 'ProxyJump h2'),
      `Host h*\n  User ${first.user}\n  IdentityFile ${fleet.identityFile}\n`,
      'Match host *\n  IdentitiesOnly yes\n',
    ].join('\n'),
  );
  const known = [
    { host: first, address: first.sshHost, port: first.sshPort },
    { host: second, ...inside(second) },
    { host: third, ...inside(third) },
  ].map(({ host, address, port }) => {
    const { hostKey } = host === wrongKeyOf ? third : host;
    return `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}\n`;
  });
  await writeFile(path.join(ssh, 'known_hosts'), known.join(''));
  await chmod(path.join(ssh, 'config'), 0o600);
  return folder;
}

/** The seed as every host of the fleet sees it. */
function seeds(): string[] {
  return ['--seeds', fleet.host('h1').clientUrl];
}

test.serial('a Host of ~/.ssh/config is all that a person has to name', async (t) => {
  const env = { HOME: await home(t) };
  const result = await hawser(['status', '--json', '--ssh-url', 'h1', ...seeds()], { env });
  t.is(result.code, 0, result.stderr);
  t.is(JSON.parse(result.stdout).hosts.length, 3);
});

test.serial('a host behind two others is reached as ssh reaches it', async (t) => {
  const env = { HOME: await home(t) };
  const set = await hawser(['str', 'set', 'far', 'away', '--ssh-url', 'h3', ...seeds()], { env });
  t.is(set.code, 0, set.stderr);
  const got = await hawser(['str', 'get', 'far', '--ssh-url', 'h1', ...seeds()], { env });
  t.is(got.stdout, 'away\n');
});

test.serial("the system's ssh reaches it by the same files", async (t) => {
  const env = { HOME: await home(t) };
  const args = ['status', '--json', '--verbose', '--transport', 'openssh', '--ssh-url', 'h3', ...seeds()];
  const result = await hawser(args, { env });
  t.is(result.code, 0, result.stderr);
  t.is(JSON.parse(result.stdout).hosts.length, 3);
});

test.serial('a wrong key of the second host on the way is refused by name', async (t) => {
  const second = fleet.host('h2');
  const env = { HOME: await home(t, { wrongKeyOf: second }) };
  const result = await hawser(['status', '--ssh-url', 'h3', ...seeds()], { env });
  t.is(result.code, 4, result.stderr);
  t.true(result.stderr.includes(inside(second).address), result.stderr);
  t.true(result.stderr.includes(`${env.HOME}/.ssh/known_hosts:2`), result.stderr);
});

test.serial('a file named with --ssh-config takes the place of the usual ones', async (t) => {
  const result = await hawser(
    ['status', '--ssh-url', 'h2', '--ssh-config', fleet.sshConfigFile, ...seeds()],
    {
      cwd: await temporaryFolder(t),
    },
  );
  t.is(result.code, 0, result.stderr);
  const none = await hawser(['status', '--ssh-url', 'h2', '--ssh-config', 'none', ...seeds()]);
  t.is(none.code, 3, none.stderr);
  t.regex(none.stderr, /no host with that name|lookup failed/);
});

test.serial('an ssh_config that is wrong is quoted with its line', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'config');
  await writeFile(file, 'Host *\n  StrictHostKeyCheking no\n');
  const result = await hawser(['status', '--ssh-url', 'h1', '--ssh-config', file, ...seeds()]);
  t.is(result.code, 2, result.stderr);
  t.regex(result.stderr, /line 2: .*stricthostkeycheking/i);
});

/** The home of somebody who has nothing but a fleet file: h1, or h2 behind h1. */
async function homeWithFleet(
  t: ExecutionContext,
  { name, jumpKey }: { readonly name: 'h1' | 'h2'; readonly jumpKey?: string },
): Promise<string> {
  const folder = await temporaryFolder(t);
  const fleets = path.join(folder, '.config', 'hawser', 'fleets');
  await mkdir(fleets, { recursive: true, mode: 0o700 });
  const [first, second] = [fleet.host('h1'), fleet.host('h2')];
  const { address, port } = inside(second);
  const jump = `${first.user}@${first.sshHost}:${first.sshPort}`;
  const host = {
    h1: { ssh: jump, 'host-key': [second.hostKey, first.hostKey] },
    h2: { ssh: `${address}:${port}`, user: second.user, jump, 'host-key': second.hostKey },
  }[name];
  const content = {
    seeds: first.clientUrl,
    'ssh-id': fleet.identityFile,
    'known-hosts': jumpKey === undefined ? [] : [`[${first.sshHost}]:${first.sshPort} ${jumpKey}`],
    hosts: { [name]: host },
  };
  await writeFile(path.join(fleets, 'prod.yaml'), JSON.stringify(content), { mode: 0o600 });
  return folder;
}

test.serial('with a fleet file no flag is needed, and no known_hosts', async (t) => {
  const env = { HOME: await homeWithFleet(t, { name: 'h1' }) };
  const result = await hawser(['status', '--json'], { env });
  t.is(result.code, 0, result.stderr);
  t.is(JSON.parse(result.stdout).hosts.length, 3);
  const other = await hawser(['status', '--ssh-hostkey', fleet.host('h2').hostKey], { env });
  t.is(other.code, 4, 'a flag wins over the file');
  const usual = await hawser(['status', '--ssh-url', `root@127.0.0.1:1`], { env });
  t.regex(usual.stderr, /root@127\.0\.0\.1:1:/, 'whoever says where to go does not mean the usual fleet');
});

test.serial('a jump host is never trusted on first use where the fleet file has its key', async (t) => {
  const { hostKey } = fleet.host('h1');
  for (const transport of ['ssh2', 'openssh']) {
    const call = async (jumpKey?: string) => {
      const home = await homeWithFleet(t, { name: 'h2', ...(jumpKey === undefined ? {} : { jumpKey }) });
      return hawser(['status', '--json', '--transport', transport], { env: { HOME: home } });
    };
    const right = await call(hostKey);
    t.is(right.code, 0, right.stderr);
    for (const wrong of [fleet.host('h3').hostKey, undefined]) {
      const refused = await call(wrong);
      t.is(refused.code, 4, refused.stderr);
      t.true(refused.stderr.includes(`:${fleet.host('h1').sshPort}`), refused.stderr);
    }
  }
});

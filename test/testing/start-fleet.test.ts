import { once } from 'node:events';
import test from 'ava';
import ssh2 from 'ssh2';
import { runCommand } from '../../fixtures/fleet/run-command.js';
import { attachFleet, type Host, listFleets, startFleet, type TestFleet } from '../../testing/index.js';
import { lastingLeftovers } from '../fixtures/helpers/leftovers.js';

const name = `start-fleet-${process.pid}`;
let fleet: TestFleet;

const ssh = (host: string, command: string, input = '') =>
  runCommand(['ssh', '-F', fleet.sshConfigFile, host, command], { input });

const identity = ({ name, sshUrl, hostKey, address, jump }: Host) => ({
  name,
  sshUrl,
  hostKey,
  address,
  jump,
});

/** What somebody else's program does with ssh2. */
async function hostname(options: ReturnType<TestFleet['ssh2']>): Promise<string> {
  const client = new ssh2.Client();
  try {
    await once(client.connect({ ...options, readyTimeout: 3_000 }), 'ready');
    const stream = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
      client.exec('hostname', (error, channel) => (error ? reject(error) : resolve(channel)));
    });
    const [output] = await once(stream, 'data');
    return String(output).trim();
  } finally {
    client.destroy();
  }
}

test.before(async () => {
  fleet = await startFleet({
    backend: 'containers',
    hosts: [
      'bastion',
      { name: 'web', user: 'ann', users: ['bob'], sudo: 'password', jump: 'bastion' },
      { name: 'old', sshd: 'old' },
      { name: 'hard', sshd: 'hardened', user: 'ann', sudo: 'free' },
      { name: 'two', sshd: 'two-factor' },
      { name: 'own', sshd: { config: 'Banner none\nMaxSessions 3' }, disks: { '/small': 1_048_576 } },
    ],
    name,
  });
});
test.after.always(() => fleet?.close());

test.serial('ssh2 enters hosts, and no longer one that is cut, until it is healed', async (t) => {
  for (const host of ['bastion', 'hard']) t.is(await hostname(fleet.ssh2(host)), host);
  await fleet.cut('bastion');
  await t.throwsAsync(hostname(fleet.ssh2('bastion')), { message: /Timed out/ });
  t.is(await hostname(fleet.ssh2('hard')), 'hard');
  await fleet.heal('bastion');
  t.is(await hostname(fleet.ssh2('bastion')), 'bastion');
});

test.serial('ssh2 refuses another host’s key', async (t) => {
  const { port } = fleet.ssh2('hard');
  await t.throwsAsync(hostname({ ...fleet.ssh2('bastion'), port }), { message: /verification failed/ });
});

test.serial('users, sudo, and a host behind another are as asked for', async (t) => {
  t.is((await ssh('web', 'hostname; id -un')).stdout, 'web\nann\n');
  t.is((await ssh('bob@web', 'id -un')).stdout, 'bob\n');
  t.not((await ssh('root@web', 'true')).code, 0);
  t.not((await ssh('web', 'sudo -n true')).code, 0);
  t.is((await ssh('web', 'sudo -S id -un', `${fleet.password}\n`)).stdout, 'root\n');
  t.is((await ssh('hard', 'sudo -n id -un')).stdout, 'root\n');
  // Directly, nobody answers, though its network is here.
  const { address } = fleet.host('web');
  const direct = ['-o', 'ProxyJump=none', '-o', 'ConnectTimeout=1', '-o', `HostName=${address}`];
  t.regex((await runCommand(['ssh', '-F', fleet.sshConfigFile, ...direct, 'web'])).stderr, /timed out/);
  t.throws(() => fleet.ssh2('web'), { code: 'unsupported', message: /reached through bastion alone/ });
});

test.serial('sshd is old, hardened, wants a second factor or has lines of its own', async (t) => {
  t.is((await ssh('old', 'hostname')).stdout, 'old\n');
  const algorithms = await runCommand(['ssh', '-F', fleet.sshConfigFile, '-v', 'old', 'true']);
  t.regex(algorithms.stderr, /kex: algorithm: diffie-hellman-group14-sha1/);
  t.regex((await ssh('-tt', 'hard')).stderr, /PTY allocation request failed/);
  t.regex((await ssh('two', 'true')).stderr, /Permission denied \(keyboard-interactive\)/);
  const answered = await new Promise((resolve, reject) => {
    const client = new ssh2.Client()
      .on('keyboard-interactive', (_name, _text, _lang, _prompts, finish) => finish([fleet.password]))
      .on('ready', () => client.end() && resolve('ready'))
      .on('error', reject)
      .connect({ ...fleet.ssh2('two'), tryKeyboard: true });
  });
  t.is(answered, 'ready');
  t.regex(
    (await fleet.host('own').exec(['cat', '/etc/hawser-fleet/sshd_config'])).stdout,
    /^MaxSessions 3$/m,
  );
  t.not((await fleet.host('own').exec(['sh', '-c', 'head -c 2000000 /dev/zero >/small/file'])).code, 0);
});

test.serial('another process can attach, and closing it there removes it', async (t) => {
  const listed = (await listFleets()).find(({ id }) => id === fleet.id);
  t.like(listed, { name, backend: 'containers', ownerPid: process.pid, kept: false });
  const attached = await attachFleet(name);
  t.deepEqual(attached.hosts.map(identity), fleet.hosts.map(identity));
  t.is((await attached.host('own').exec(['hostname'])).stdout, 'own\n');
  await t.throwsAsync(startFleet({ name }), { code: 'name-taken', message: /close it, or choose another/ });
  t.throws(() => attached.host('h9'), { code: 'unknown-host', message: /it has bastion, web, old/ });
  await t.throwsAsync(attached.cut('h9'), { code: 'unknown-host' });
  await attached.close();
  t.is((await ssh('own', 'true')).code, 255);
  await fleet.close();
  t.deepEqual(await lastingLeftovers(fleet.id, fleet.folder), []);
  await t.throwsAsync(attachFleet(name), { code: 'unknown-fleet' });
});

test.serial('agents are one cluster when it starts, and World goes over SSH', async (t) => {
  await using agents = await startFleet({
    hosts: 2,
    agents: true,
    backend: 'processes',
  });
  t.is(agents.etcdEndpoints.length, 1);
  const world = await agents.world({ hostname: 'laptop' });
  t.deepEqual([...(await world.getAgents()).keys()].sort(), ['h1', 'h2']);
  await world.strSet('key', 'value');
  const other = await (await attachFleet(agents.id)).world();
  t.is(await other.strGet('key'), 'value');
  await other.close();
});

test.serial('the key can be of another type, and encrypted', async (t) => {
  await using encrypted = await startFleet({
    backend: 'processes',
    key: { type: 'rsa', passphrase: 'it is beside the key' },
  });
  t.regex(encrypted.publicKey, /^ssh-rsa /);
  t.truthy(await hostname(encrypted.ssh2('h1')));
  await t.throwsAsync(async () => hostname({ ...encrypted.ssh2('h1'), passphrase: 'another' }), {
    message: /Cannot parse privateKey/,
  });
});

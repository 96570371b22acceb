import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { connectionFlags, hawser, startHawser, temporaryFolder } from '../helpers/hawser.js';

let fleet: TestFleet;
let flags: string[];

test.before(async () => {
  fleet = await startFleet({ hosts: 2, servers: 1, agents: true });
  flags = connectionFlags(fleet);
});
test.after.always(() => fleet?.close());

test.serial(
  'a string that was set is printed and nothing else, and etcdctl on the host sees it under the documented key',
  async (t) => {
    t.is((await hawser(['str', 'set', 'motd', 'hello fleet', ...flags])).code, 0);
    const { stdout, stderr } = await hawser(['str', 'get', 'motd', ...flags]);
    t.is(stdout, 'hello fleet\n');
    t.is(stderr, '');
    const seen = await etcdctl('get', '/_mgmt/strings/motd');
    t.is(seen, '/_mgmt/strings/motd\nhello fleet\n');
  },
);

test.serial('a string can come from standard input and go again; a missing one is an error', async (t) => {
  t.is((await hawser(['str', 'set', 'from/stdin', '-', ...flags], { input: 'größer' })).code, 0);
  t.is((await hawser(['str', 'get', 'from/stdin', ...flags])).stdout, 'größer\n');
  t.is((await hawser(['str', 'del', 'from/stdin', ...flags])).code, 0);
  const missing = await hawser(['str', 'get', 'from/stdin', '--json', ...flags]);
  t.is(missing.code, 1);
  t.is(missing.stdout, '');
  t.is(JSON.parse(missing.stderr).error.code, 'not-found');
});

test.serial('a map holds one value for each host', async (t) => {
  await hawser(['map', 'set', 'kernel', '6.1', '--hostname', 'a', ...flags]);
  await hawser(['map', 'set', 'kernel', '6.12', '--hostname', 'b', ...flags]);
  const { stdout } = await hawser(['map', 'get', 'kernel', '--json', ...flags]);
  t.deepEqual(JSON.parse(stdout), { a: '6.1', b: '6.12' });
  await hawser(['map', 'del', 'kernel', '--hostname', 'a', ...flags]);
  t.is((await hawser(['map', 'get', 'kernel', ...flags])).stdout, 'b  6.12\n');
});

test.serial('status names every host with its role', async (t) => {
  const { stdout } = await hawser(['status', '--json', ...flags]);
  const { hosts, members } = JSON.parse(stdout);
  t.deepEqual(
    hosts.map(({ hostname, role, alive }: Record<string, unknown>) => ({ hostname, role, alive })),
    [
      { hostname: 'h1', role: 'voter', alive: true },
      { hostname: 'h2', role: 'client', alive: true },
    ],
  );
  t.deepEqual(
    members.map(({ name }: { name: string }) => name),
    ['h1'],
  );
  t.regex((await hawser(['status', ...flags])).stdout, /h1\s+up\s+voter/);
});

test.serial('members are defragmented through SSH, each by itself', async (t) => {
  const { code, stdout, stderr } = await hawser(['members', 'defrag', '--json', ...flags]);
  t.is(code, 0, stderr);
  const { members, alarm } = JSON.parse(stdout);
  t.is(alarm, 'none');
  t.is(members.length, 1);
  t.is(members[0].name, 'h1');
  t.true(members[0].afterBytes <= members[0].beforeBytes);
});

test.serial('--watch prints a line for each change until it is interrupted', async (t) => {
  const child = startHawser(['str', 'get', 'watched', '--watch', '--json', ...flags]);
  if (child.stdout === null) throw new TypeError('stdout is a pipe');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  t.deepEqual(JSON.parse((await lines.next()).value ?? ''), { key: 'watched', value: null });
  await hawser(['str', 'set', 'watched', 'one', ...flags]);
  t.deepEqual(JSON.parse((await lines.next()).value ?? ''), { key: 'watched', value: 'one' });
  child.kill('SIGINT');
  t.deepEqual(await once(child, 'exit'), [130, null]);
});

test.serial(
  'a forward prints its address first, serves other clients, and leaves nothing when it is interrupted',
  async (t) => {
    const child = startHawser(['forward', ...flags]);
    if (child.stdout === null) throw new TypeError('stdout is a pipe');
    const { value: address } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    t.regex(address, /^unix:\/\/\//);
    const direct = await hawser(['str', 'set', 'through', 'forward', '--seeds', address]);
    t.is(direct.code, 0, direct.stderr);
    t.is(await etcdctl('get', '--print-value-only', '/_mgmt/strings/through'), 'forward\n');
    child.kill('SIGINT');
    t.deepEqual(await once(child, 'exit'), [130, null]);
    await t.throwsAsync(
      import('node:fs/promises').then(({ stat }) => stat(address.slice('unix://'.length))),
      { code: 'ENOENT' },
    );
  },
);

test.serial(
  'the hawser.yaml of a trusted directory gives the connection, from below too, with paths relative to it',
  async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(path.join(folder, 'deep', 'er'), { recursive: true });
    const config = [
      `ssh-url: [${fleet.hosts.map(({ destination }) => destination).join(', ')}]`,
      `ssh-id: ${path.relative(folder, fleet.identityFile)}`,
      `ssh-known-hosts: ${fleet.knownHostsFile}`,
      'transport: openssh',
      `seeds: ${fleet.hosts[0]?.clientUrl}`,
    ];
    await writeFile(path.join(folder, 'hawser.yaml'), config.join('\n'));
    const options = { cwd: path.join(folder, 'deep', 'er'), env: { HOME: folder } };
    t.is((await hawser(['trust'], options)).code, 0);
    const { code, stderr } = await hawser(['str', 'set', 'by-config', 'x', '--verbose'], options);
    t.is(code, 0, stderr);
    t.regex(stderr, /Running: ssh /);
  },
);

async function etcdctl(...args: string[]): Promise<string> {
  const host = fleet.host('h1');
  const { stdout } = await host.exec([
    'env',
    'ETCDCTL_API=3',
    'etcdctl',
    '--endpoints',
    host.clientUrl,
    ...args,
  ]);
  return stdout;
}

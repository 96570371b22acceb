import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld } from '../../../world/index.js';
import { Authority, type Issued } from '../../world/helpers/authority.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let authority: Authority;
let client: Issued;
let etcd: Etcd;
let flags: readonly string[];

test.before(async () => {
  authority = await Authority.create();
  client = await authority.issue(['DNS:operator']);
  const { certFile, keyFile } = await authority.issue(['IP:127.0.0.1']);
  const strict = ['--client-cert-auth', '--trusted-ca-file', authority.caFile];
  etcd = await Etcd.startSecure(['--cert-file', certFile, '--key-file', keyFile, ...strict]);
  const { certFile: cert, keyFile: key } = client;
  flags = ['--seeds', etcd.url, '--cacert', authority.caFile, '--cert', cert, '--key', key];
});

test.after.always(async () => {
  await etcd[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

async function stored(): Promise<number> {
  const tls = { caFile: authority.caFile, ...client };
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'test', tls });
  return await world.idealClusterSizeGet();
}

test.serial('an even size is taken, and it is said how many servers vote', async (t) => {
  const four = await hawser(['size', '4', ...flags]);
  t.like(four, { code: 0, stdout: '4\n' });
  t.regex(four.stderr, /4 is even, so only 3 servers vote\./);
  t.regex((await hawser(['size', '2', ...flags])).stderr, /2 is even, so only 1 server votes\./);
  t.like(await hawser(['size', '3', ...flags]), { code: 0, stdout: '3\n', stderr: '' });
  t.is(await stored(), 3);
});

test.serial(
  'on a terminal the person is asked before the cluster is drained, and Enter says no',
  async (t) => {
    const terminal = hawserInTerminal(t, ['size', '0', ...flags], { cwd: authority.folder });
    await terminal.shows(/Drain the etcd cluster of 1 member \(m1\)\?/);
    terminal.type('\r');
    t.is(await terminal.exited, 1);
    t.regex(terminal.screen(), /was not drained/);
    t.is(await stored(), 3);
    const again = hawserInTerminal(t, ['size', '0', ...flags], { cwd: authority.folder });
    await again.shows(/Drain the etcd cluster/);
    again.type('y\r');
    t.is(await again.exited, 0);
    t.is(await stored(), 0);
  },
);

test.serial('with --yes the cluster is drained without a question', async (t) => {
  await hawser(['size', '3', ...flags]);
  t.like(await hawser(['size', '0', '--yes', ...flags]), { code: 0, stdout: '0\n', stderr: '' });
  t.is(await stored(), 0);
});

test.serial('hawser.yaml names the certificates, relative to itself', async (t) => {
  const folder = await temporaryFolder(t);
  const deep = path.join(folder, 'deep');
  await mkdir(deep);
  const file = (name: string): string => path.relative(folder, name);
  const tls = [authority.caFile, client.certFile, client.keyFile].map(file);
  const config = `seeds: ${etcd.url}\ntls: {cacert: ${tls[0]}, cert: ${tls[1]}, key: ${tls[2]}}\n`;
  await writeFile(path.join(folder, 'hawser.yaml'), config);
  const options = { cwd: deep, env: { HOME: folder } };
  t.is((await hawser(['trust'], options)).code, 0);
  t.like(await hawser(['size', '5'], options), { code: 0, stdout: '5\n' });
  t.is(await stored(), 5);
  await writeFile(path.join(folder, 'hawser.yaml'), `seeds: ${etcd.url}\ntls: {cacert: ${tls[0]}, crt: x}\n`);
  const wrong = await hawser(['size'], options);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /tls\.crt: unknown key.*cert/);
});

import { hostname } from 'node:os';
import test from 'ava';
import { freePort } from '../../fixtures/fleet/free-port.js';
// From the entry point, which has the types that its signatures name.
import type { FleetIdentity, FsOptions, SshWorldOptions, TunnelOptions, WorldFs } from '../../index.js';
import { EtcdWorld, SshWorld, TunnelError, WorldError } from '../../index.js';
import { memoryFs } from '../../world/index.js';
import { makeFleet } from '../../world/internal.js';
import { hostLines, writeSshConfig } from '../tunnel/helpers/ssh-config/ssh-config-file.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import { Etcd } from './helpers/etcd.js';
import { ann, switchOn } from './helpers/etcd-users.js';

test('a World is opened by the names that the seed has for its options, and has been answered then', async (t) => {
  await using etcd = await Etcd.start();
  const standaloneFs: WorldFs = memoryFs();
  const options: FsOptions & { namespace: string } = {
    namespace: '/n',
    standaloneFs,
    getUri: () => 'memmapfs:///',
  };
  const dead = `http://127.0.0.1:${await freePort()}`;
  await using world = await EtcdWorld.open({ seeds: [dead, etcd.url], ...options });
  t.is(world.hostname, hostname());
  t.is(world.fs(world.uri()), standaloneFs);
  await world.strSet('a', 'b');
  await using whole = await EtcdWorld.open({ seeds: [etcd.url], namespace: '', hostname: 'h1' });
  t.is((await whole.client.get('/n/strings/a'))?.value.toString(), 'b');
  t.is(whole.hostname, 'h1');
});

test('over SSH a World is opened by the same names', async (t) => {
  await using etcd = await Etcd.start();
  await using sshd = await Sshd.start();
  const tunnel: TunnelOptions = sshd.options;
  await using world = await SshWorld.open({
    ssh: tunnel,
    seeds: [etcd.url],
    metadataPrefix: '/files',
  });
  t.is(world.hostname, hostname());
  t.is(world.uri(), 'etcdfs:///files/shared');
  const seeds = [`http://127.0.0.1:${await freePort()}`];
  const opening = SshWorld.open({ ssh: tunnel, seeds }, { timeoutMs: 300 });
  await t.throwsAsync(opening, { instanceOf: WorldError, code: 'unavailable' });
});

test('over SSH a World is opened by the text of a destination, with defaults for all else', async (t) => {
  await using etcd = await Etcd.start();
  await using sshd = await Sshd.start();
  const configFile = await writeSshConfig(sshd, [hostLines('web', sshd)]);
  const ssh: TunnelOptions = { destinations: ['web'], configFile };
  await using world = await SshWorld.open({ ssh, seeds: [etcd.url] });
  await world.strSet('a', 'b');
  await using shared = await SshWorld.open({ tunnel: world.tunnel, seeds: [etcd.url] });
  t.is(await shared.strGet('a'), 'b');
  await t.throwsAsync(SshWorld.open({ ssh }, { timeoutMs: 300 }), {
    code: 'unavailable',
    message: /unix:\/\/\/run\/hawser\/etcd\.sock through /,
  });
  for (const text of ['web:port', ['web:port']])
    await t.throwsAsync(SshWorld.open({ ssh: text }), { instanceOf: TunnelError, code: 'bad-destination' });
  // @ts-expect-error: a tunnel that is open has its destinations
  const rejected: SshWorldOptions = { tunnel: world.tunnel, ssh: 'web' };
  t.truthy(rejected);
});

test('a World is not opened where nobody answers, an etcd of another fleet does, or it is aborted', async (t) => {
  const seeds = [`http://127.0.0.1:${await freePort()}`];
  const message = /^Could not read which fleet it is at http:\/\/127\.0\.0\.1:\d+: .*Nothing was changed/;
  await t.throwsAsync(EtcdWorld.open({ seeds }, { timeoutMs: 300 }), { code: 'unavailable', message });
  await t.throwsAsync(EtcdWorld.open({ seeds: [] }), { instanceOf: WorldError, code: 'invalid' });

  await using etcd = await Etcd.start();
  await using found = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
  await makeFleet(found.client);
  const fleet: FleetIdentity = { uuid: '11111111-2222-4333-8444-555555555555', generation: 1 };
  const other = { instanceOf: WorldError, code: 'other-fleet' };
  await t.throwsAsync(EtcdWorld.open({ seeds: [etcd.url], fleet }), other);

  etcd.freeze();
  const aborting = new AbortController();
  const opening = EtcdWorld.open({ seeds: [etcd.url] }, { signal: aborting.signal, timeoutMs: 60_000 });
  const reason = new Error('enough');
  aborting.abort(reason);
  t.is(await t.throwsAsync(opening), reason);
  etcd.thaw();
});

test('a user whom etcd knows opens a World, whatever it may read there; another does not', async (t) => {
  await using etcd = await Etcd.start();
  await switchOn(etcd);
  await using world = await EtcdWorld.open({ seeds: [etcd.url], user: ann });
  await t.throwsAsync(world.strGet('theirs'), { code: 'permission-denied' });
  const refused = { instanceOf: WorldError, code: 'permission-denied' };
  await t.throwsAsync(EtcdWorld.open({ seeds: [etcd.url] }), refused);
  await t.throwsAsync(EtcdWorld.open({ seeds: [etcd.url], user: { ...ann, password: 'wrong' } }), refused);
});

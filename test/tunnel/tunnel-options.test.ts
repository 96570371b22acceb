import test from 'ava';
import { Tunnel, TunnelError, type TunnelOptions, TunnelPool } from '../../tunnel/index.js';
import { hostLines, resolveBy, writeSshConfig } from './helpers/ssh-config/ssh-config-file.js';
import { Sshd } from './helpers/sshd.js';

test('a destination may be a Host of ssh_config', async (t) => {
  await using sshd = await Sshd.start();
  const configFile = await writeSshConfig(sshd, [hostLines('web', sshd)]);
  await using tunnel = await Tunnel.open({ destinations: ['web'], configFile });
  t.is(tunnel.state.via?.port, sshd.port);
});

test('a destination may be an ssh:// URL, with keys and known_hosts files as options', async (t) => {
  await using sshd = await Sshd.start();
  const { user, host, port } = sshd.destination;
  await using tunnel = await Tunnel.open({
    destinations: [`ssh://${user}@${host}:${port}`],
    configFile: 'none',
    knownHostsFiles: [sshd.knownHostsFile],
    identityFiles: [sshd.identityFile],
    environment: { PATH: process.env['PATH'] },
  });
  t.is(tunnel.state.status, 'connected');
});

test('what ssh_config says comes from the environment of the process when none is given', async (t) => {
  await using sshd = await Sshd.start();
  process.env['HAWSER_TEST_KEY'] = sshd.identityFile;
  const lines = hostLines('web', sshd).replace(sshd.identityFile, `\${HAWSER_TEST_KEY}`);
  const configFile = await writeSshConfig(sshd, [lines]);
  await using tunnel = await Tunnel.open({ destinations: ['web'], configFile });
  t.is(tunnel.state.status, 'connected');
});

test('users of a pool who name the same destination share its tunnel', async (t) => {
  await using sshd = await Sshd.start();
  const configFile = await writeSshConfig(sshd, [hostLines('web', sshd)]);
  await using pool = new TunnelPool();
  const options = { destinations: ['web'], configFile };
  await using first = await pool.open(options);
  await using second = await pool.open({ ...options });
  t.is(first.tunnel, second.tunnel);
});

test('a password in a destination is in no error of a pool', async (t) => {
  const pool = new TunnelPool();
  await pool.close();
  const error = await t.throwsAsync(pool.open({ destinations: ['ann:secret@web'] }), {
    instanceOf: TunnelError,
  });
  t.is(error.code, 'closed');
  t.false(`${error.message} ${error.host}`.includes('secret'));
});

test('an option that would not count does not compile', async (t) => {
  await using sshd = await Sshd.start();
  const configFile = await writeSshConfig(sshd, [hostLines('web', sshd)]);
  const resolved = await resolveBy(configFile, 'web');
  const rejected: TunnelOptions[] = [
    // @ts-expect-error: a resolved destination says itself whom to trust
    { destinations: [resolved], knownHostsFiles: [sshd.knownHostsFile] },
    // @ts-expect-error: no ssh_config is read for an address
    { destinations: [sshd.destination], configFile },
    // @ts-expect-error: ssh_config names the SSH agent
    { destinations: ['web'], agentSocket: '/run/agent' },
  ];
  t.is(rejected.length, 3);
});

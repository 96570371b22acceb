import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { resolveDestination, TunnelError } from '../../tunnel/index.js';
import { agreed, refused, temporaryFolder, withOpenSsh, withoutOpenSsh } from './ssh-config-agreement.js';

test.serial('Switching host key checks off is not obeyed, but said', async (t) => {
  const said: string[] = [];
  const log = (level: string, message: string) => said.push(`${level} ${message}`);
  for (const value of ['no', 'off']) {
    const { strictHostKeyChecking } = await agreed(t, `StrictHostKeyChecking ${value}`, { log });
    t.is(strictHostKeyChecking, 'accept-new');
  }
  t.regex(said[0] ?? '', /^warn StrictHostKeyChecking is off for web/);
});

test.serial('Hops lead through one another, each resolved on its own', async (t) => {
  const { jumps } = await agreed(
    t,
    'Host web\n ProxyJump a,u@b:2,[::1]:3\nHost a\n ProxyJump z\n Port 9\nHost z\n HostName z.lan\n ProxyCommand nc %h\nHost b\n HostName b.lan\n ProxyJump ignored',
  );
  t.deepEqual(
    jumps.map(({ alias, host, port }) => [alias, host, port]),
    [
      ['z', 'z.lan', 22],
      ['a', 'a', 9],
      ['b', 'b.lan', 2],
      ['::1', '::1', 3],
    ],
  );
  t.is(jumps[0]?.proxyCommand, 'nc z.lan');
  t.is(jumps[2]?.user, 'u');
});

test.serial('The hops of a hop do not have to be followed for ever', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
  for (const environment of [withOpenSsh, withoutOpenSsh]) {
    const error = await t.throwsAsync(resolveDestination('a', { environment, configFile }), {
      instanceOf: TunnelError,
    });
    t.regex(error.message, /circles/);
  }
});

test.serial('What the text names wins over the file, and flags over both', async (t) => {
  const config = 'Host web\n Port 1\n User a\n IdentityFile /k/1\n ConnectTimeout 5\n';
  t.like(await agreed(t, config, { text: 'b@web:2' }), { port: 2, user: 'b', identityFiles: ['/k/1'] });
  t.like(await agreed(t, config, { text: 'ssh://c@web:3?hostkey=SHA256:x' }), {
    port: 3,
    hostKey: 'SHA256:x',
  });
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, `${config} ProxyJump hop\n`);
  const flags = { identityFiles: ['/f'], knownHostsFiles: ['/kh'], hostKey: 'SHA256:y', connectTimeoutMs: 7 };
  const found = await resolveDestination('web', { flags, environment: withOpenSsh, configFile });
  t.like(found, { identityFiles: ['/f', '/k/1'], requiredIdentityFiles: ['/f'], hostKey: 'SHA256:y' });
  t.like(found, { knownHostsFiles: ['/kh'], connectTimeoutMs: 7 });
  const [hop] = found.jumps;
  t.like(hop, { identityFiles: ['/f'], requiredIdentityFiles: [], knownHostsFiles: ['/kh'] });
  t.is(hop?.hostKey, undefined);
});

test.serial('The agent is the one that ssh_config names, or the environment', async (t) => {
  const environment = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
  const cases = [
    ['', '/run/agent'],
    ['IdentityAgent SSH_AUTH_SOCK', '/run/agent'],
    ['IdentityAgent $OTHER', '/run/other'],
    ['IdentityAgent none', undefined],
    ['IdentityAgent /run/%h', '/run/web'],
  ] as const;
  for (const [config, expected] of cases) {
    t.is((await agreed(t, config, { environment })).agentSocket, expected, config);
  }
});

test.serial("A HOME that is not the passwd entry's is the one whose files count", async (t) => {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.ssh'));
  await mkdir(join(home, '.ssh', 'conf.d'));
  await writeFile(join(home, '.ssh', 'config'), `Include ${home}/.ssh/conf.d/*\nHost web\n Port 44\n`);
  await writeFile(join(home, '.ssh', 'conf.d', 'b'), 'Host web\n User second\n');
  await writeFile(join(home, '.ssh', 'conf.d', 'a'), 'Host web\n User first\n');
  const resolve = (path: typeof withOpenSsh) =>
    resolveDestination('web', { environment: { HOME: home, ...path } });
  const found = await resolve(withOpenSsh);
  t.like(found, { port: 44, user: 'first' });
  t.is(found.knownHostsFiles[0], join(home, '.ssh', 'known_hosts'));
  t.true(found.defaultIdentityFiles.includes(join(home, '.ssh', 'id_ed25519')));
  t.deepEqual(await resolve(withoutOpenSsh), found);
});

test.serial(
  'Include takes patterns, keeps blocks to themselves and stands under the Host above it',
  async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'a b'));
    await writeFile(join(folder, 'a b', '1.conf'), 'Port 1\nHost other\n User nobody\n');
    await writeFile(join(folder, 'a b', '2.conf'), 'Port 2\nHostName two\n');
    await writeFile(join(folder, 'a b', '.hidden.conf'), 'Port 3\n');
    await writeFile(join(folder, 'other'), 'User other\nIdentityFile /k/other\n');
    const config = `Host no\n Include ${folder}/other\nHost w*\n Include "${folder}/a b/*.conf" ${folder}/none\n IdentityFile /k/web\n`;
    t.like(await agreed(t, config), { port: 1, host: 'two', identityFiles: ['/k/web'] });
    await writeFile(join(folder, 'other'), `Include ${folder}/other\n`);
    await refused(t, `Include ${folder}/other`);
  },
);

test.serial('A config file that others can write gives no orders', async (t) => {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.ssh'));
  await writeFile(join(home, '.ssh', 'config'), 'Port 3\n');
  await chmod(join(home, '.ssh', 'config'), 0o666);
  const resolving = resolveDestination('web', { environment: { HOME: home, ...withoutOpenSsh } });
  const error = await t.throwsAsync(resolving, { instanceOf: TunnelError });
  t.regex(error.message, /chmod/);
});

test.serial('Match exec is left to OpenSSH', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(
    configFile,
    'Match host other exec "false"\n Port 1\nMatch exec "test %h = web"\n Port 2\n',
  );
  t.is((await resolveDestination('web', { environment: withOpenSsh, configFile })).port, 2);
  const error = await t.throwsAsync(resolveDestination('web', { environment: withoutOpenSsh, configFile }), {
    instanceOf: TunnelError,
  });
  t.regex(error.message, /line 3: .*Match exec/);
});

test.serial('New keys never go to the files of the system', async (t) => {
  const { knownHostsFiles } = await agreed(t, 'UserKnownHostsFile none\nGlobalKnownHostsFile /etc/known');
  t.deepEqual(knownHostsFiles, ['/dev/null', '/etc/known']);
});

test.serial('Options that were never heard of are left to OpenSSH', async (t) => {
  const { needsOpenSsh } = await agreed(t, 'VerifyHostKeyDNS yes\nRevokedHostKeys /r\nBindAddress 127.0.0.1');
  t.is(needsOpenSsh.length, 3);
});

import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { resolveDestination, TunnelError } from '../../../tunnel/index.js';
import {
  agreed,
  refused,
  temporaryFolder,
  withOpenSsh,
  withoutOpenSsh,
} from '../helpers/ssh-config/ssh-config-agreement.js';

test.serial('switching host key checks off is not obeyed, but said', async (t) => {
  const said: string[] = [];
  const log = (level: string, message: string) => said.push(`${level} ${message}`);
  for (const value of ['no', 'off']) {
    const { strictHostKeyChecking } = await agreed(t, `StrictHostKeyChecking ${value}`, { log });
    t.is(strictHostKeyChecking, 'accept-new');
  }
  t.regex(said[0] ?? '', /^warn StrictHostKeyChecking is off for web/);
});

test.serial('hops lead through one another, each resolved on its own', async (t) => {
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

test.serial('the hops of a hop do not have to be followed for ever', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
  for (const environment of [withOpenSsh, withoutOpenSsh]) {
    const error = await t.throwsAsync(resolveDestination('a', { environment, configFile }), {
      instanceOf: TunnelError,
    });
    t.regex(error.message, /circles/);
  }
});

test.serial('what the text names wins over the file, and flags over both', async (t) => {
  const config = 'Host web\n Port 1\n User a\n IdentityFile /k/1\n ConnectTimeout 5\n';
  t.like(await agreed(t, config, { text: 'b@web:2' }), { port: 2, user: 'b', identityFiles: ['/k/1'] });
  t.like(await agreed(t, config, { text: 'ssh://c@web:3?hostkey=SHA256:x' }), {
    port: 3,
    hostKey: 'SHA256:x',
  });
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, `${config} ProxyJump hop\n`);
  const flags = {
    identityFiles: ['/f'],
    knownHostsFiles: ['/kh'],
    hostKey: 'SHA256:y',
    connectTimeoutMs: 7_000,
  };
  const found = await resolveDestination('web', { flags, environment: withOpenSsh, configFile });
  t.like(found, { identityFiles: ['/f', '/k/1'], requiredIdentityFiles: ['/f'], hostKey: 'SHA256:y' });
  t.like(found, { knownHostsFiles: ['/kh'], connectTimeoutMs: 7_000 });
  const [hop] = found.jumps;
  t.like(hop, { identityFiles: ['/f'], requiredIdentityFiles: [], knownHostsFiles: ['/kh'] });
  t.is(hop?.hostKey, undefined);
});

test.serial('the SSH agent is the one that ssh_config names, or the environment', async (t) => {
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

test.serial("a HOME that is not the passwd entry's is the one whose files count", async (t) => {
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

test.serial('a config file that others can write gives no orders', async (t) => {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.ssh'));
  await writeFile(join(home, '.ssh', 'config'), 'Port 3\n');
  await chmod(join(home, '.ssh', 'config'), 0o666);
  const resolving = resolveDestination('web', { environment: { HOME: home, ...withoutOpenSsh } });
  const error = await t.throwsAsync(resolving, { instanceOf: TunnelError });
  t.regex(error.message, /chmod/);
});

test.serial("Match exec runs by the person's shell, and only where the answer hangs on it", async (t) => {
  const ran = join(await temporaryFolder(t), 'ran');
  const config = [
    `Match host other exec "echo %h >> ${ran}"\n Port 1`,
    'Match !exec "test %n.%p.%r = web.22.me" exec true\n Port 2',
    'Match exec "test $GREETING = hello"\n Port 3',
  ].join('\n');
  const environment = { GREETING: 'hello', SHELL: '/bin/sh' };
  t.is((await agreed(t, config, { text: 'me@web', environment })).port, 3);
  await t.throwsAsync(stat(ran), { code: 'ENOENT' });
  await refused(t, 'Match exec "kill $$"\n Port 4');
  await refused(t, 'Match host other exec "test %z"\n Port 4');
});

test.serial('lines of options that OpenSSH no longer has are skipped, with a warning', async (t) => {
  const gone = [
    'Protocol 2,1',
    'RSAAuthentication yes',
    'UsePrivilegedPort no',
    'FallBackToRsh no',
    'Cipher blowfish # the best',
    'CompressionLevel 6',
    'KerberosAuthentication',
  ];
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'old'), `${gone.slice(0, -1).join('\n')}\n`);
  const said: string[] = [];
  const log = (level: string, message: string) => said.push(`${level} ${message}`);
  const options = { text: 'web', log } as const;
  t.is((await agreed(t, `Include ${folder}/old\nPort 7\nKeepAlive no\n`, options)).port, 7);
  const warnings = said.filter((line) => line.startsWith('warn'));
  t.deepEqual(
    warnings.map((line) => /line (\d+): .*"(\w+)"/.exec(line)?.slice(1).join(' ')),
    gone.slice(0, -1).map((line, at) => `${at + 1} ${line.split(' ')[0]?.toLowerCase()}`),
  );
  // As OpenSSH has it, a value they must have.
  await refused(t, gone.at(-1) ?? '');
});

test.serial('odd ways to write common things mean what they mean to OpenSSH', async (t) => {
  t.is((await agreed(t, 'Match host = web\n Port 4')).port, 4);
  t.is((await agreed(t, 'Match !all\n Port 4')).port, 22);
  t.is((await agreed(t, 'Match originalhost web all\n Port 4')).port, 4);
  t.is((await agreed(t, 'Port http')).port, 80);
  t.is((await agreed(t, 'ServerAliveInterval none\nServerAliveInterval 7')).keepaliveIntervalMs, 7_000);
  t.is((await agreed(t, 'ConnectTimeout none\nConnectTimeout 1m30s')).connectTimeoutMs, 90_000);
  t.is((await agreed(t, 'HostName 127.1')).host, '127.0.0.1');
  t.deepEqual((await agreed(t, 'ProxyJump none\nProxyCommand nc %h')).jumps, []);
  t.is((await agreed(t, 'ProxyJump none\nProxyCommand nc %h')).proxyCommand, undefined);
  t.is((await agreed(t, 'CanonicalizeHostname yes\nMatch canonical\n Port 5')).port, 5);
  t.deepEqual((await agreed(t, 'UserKnownHostsFile ~root/k "/a b" ~')).knownHostsFiles.slice(0, 3), [
    `${userInfo().homedir}/k`,
    '/a b',
    `${userInfo().homedir}/`,
  ]);
  await refused(t, 'Match host web final all\n Port 4');
  await refused(t, 'ConnectionAttempts 0');
  await refused(t, 'Ciphers nothing');
  await refused(t, 'ProxyJump web');
  await refused(t, 'IdentityAgent $NO-NAME');
});

test.serial('a file that is included gives no orders either when others can write it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'open'), 'Port 3\n');
  await chmod(join(folder, 'open'), 0o666);
  await refused(t, `Include ${folder}/open`);
});

test.serial('new keys never go to the files of the system', async (t) => {
  const { knownHostsFiles } = await agreed(t, 'UserKnownHostsFile none\nGlobalKnownHostsFile /etc/known');
  t.deepEqual(knownHostsFiles, ['/dev/null', '/etc/known']);
});

test.serial('options that were never heard of are left to OpenSSH', async (t) => {
  const { needsOpenSsh } = await agreed(t, 'VerifyHostKeyDNS yes\nRevokedHostKeys /r\nBindAddress 127.0.0.1');
  t.is(needsOpenSsh.length, 3);
});

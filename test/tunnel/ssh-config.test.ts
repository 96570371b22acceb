import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type ResolvedDestination, resolveDestination, TunnelError } from '../../tunnel/index.js';

const withOpenSsh = { PATH: process.env['PATH'] };
const withoutOpenSsh = { PATH: '/nonexistent' };

interface Asked {
  readonly text?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: (level: string, message: string) => void;
}

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** What a file says of a host by OpenSSH and by our own reading, which must be the same. */
async function agreed(t: ExecutionContext, config: string, asked: Asked = {}): Promise<ResolvedDestination> {
  const { text = 'web', environment = {}, log } = asked;
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, config);
  const resolve = (path: typeof withOpenSsh) =>
    resolveDestination(text, { environment: { ...environment, ...path }, configFile, log });
  const byOpenSsh = await resolve(withOpenSsh);
  t.deepEqual(await resolve(withoutOpenSsh), byOpenSsh);
  return byOpenSsh;
}

/** A file that both readings refuse. */
async function refused(t: ExecutionContext, config: string): Promise<void> {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, config);
  for (const environment of [withOpenSsh, withoutOpenSsh]) {
    const error = await t.throwsAsync(resolveDestination('web', { environment, configFile }), {
      instanceOf: TunnelError,
    });
    t.is(error.code, 'bad-destination');
  }
}

const SETTINGS: readonly (readonly [name: string, config: string, expected: Partial<ResolvedDestination>])[] =
  [
    [
      'a Host alias',
      'Host web\n HostName Web.Example.ORG\n Port 2222\n User joe',
      { host: 'web.example.org', port: 2222, user: 'joe', alias: 'web' },
    ],
    ['tokens of HostName', 'Host *\n HostName %h.lan%%1', { host: 'web.lan%1' }],
    ['the first value', 'Host web\n Port 1\nHost *\n Port 2\n User a', { port: 1, user: 'a' }],
    ['negated patterns', 'Host * !w?b\n Port 1\nHost w*\n Port 2', { port: 2 }],
    ['equal signs and quotes', 'Host = "web"\n\tPort="22"\n  User = \'a b\'', { user: 'a b' }],
    ['comments', '# c\nHost web # c\n User a # c\n #User b', { user: 'a' }],
    [
      'identity files with tokens',
      'IdentityFile ~/.ssh/%h-%r-%p\nIdentityFile "/k/a b"\nIdentitiesOnly yes',
      { identitiesOnly: true, defaultIdentityFiles: [] },
    ],
    ['no identity files', 'IdentityFile none', { identityFiles: [], defaultIdentityFiles: [] }],
    ['an agent of its own', 'IdentityAgent /run/%h', { agentSocket: '/run/web' }],
    ['no agent', 'IdentityAgent none', { identitiesOnly: false }],
    [
      'known_hosts files',
      'UserKnownHostsFile /k/%h /k/2\nGlobalKnownHostsFile none\nHashKnownHosts yes',
      { knownHostsFiles: ['/k/web', '/k/2'], hashKnownHosts: true },
    ],
    ['an alias of the host key', 'HostKeyAlias The-Web', { hostKeyAlias: 'the-web' }],
    ['strictness', 'StrictHostKeyChecking YES', { strictHostKeyChecking: 'yes' }],
    ['new keys', 'StrictHostKeyChecking accept-new', { strictHostKeyChecking: 'accept-new' }],
    [
      'times',
      'ConnectTimeout 1m30\nServerAliveInterval 5s\nServerAliveCountMax 2',
      { connectTimeoutMs: 90_000, keepaliveIntervalMs: 5_000, keepaliveCountMax: 2 },
    ],
    [
      'algorithms',
      'Ciphers aes256-ctr,aes128-gcm@openssh.com\nMACs ^hmac-sha2-512\nKexAlgorithms -ecdh*,diffie*\nHostKeyAlgorithms ssh-ed25519',
      { ciphers: ['aes256-ctr', 'aes128-gcm@openssh.com'], hostKeyAlgorithms: ['ssh-ed25519'] },
    ],
    [
      'algorithms that ssh2 lacks',
      'KexAlgorithms sntrup761x25519-sha512@openssh.com',
      { needsOpenSsh: ['ssh_config allows only kexAlgorithms that OpenSSH alone has'] },
    ],
    [
      'certificates',
      'CertificateFile ~/cert.pub',
      { needsOpenSsh: ['ssh_config names the certificate ~/cert.pub'] },
    ],
    [
      'what OpenSSH alone can do',
      'PKCS11Provider /lib/p11.so',
      { needsOpenSsh: ['ssh_config sets pkcs11provider /lib/p11.so'] },
    ],
    [
      "a distribution's usual file",
      'Host *\n SendEnv LANG LC_*\n HashKnownHosts yes\n GSSAPIAuthentication yes',
      { needsOpenSsh: [] },
    ],
    ['GSSAPI alone', 'PreferredAuthentications gssapi-with-mic', { authMethods: [] }],
    [
      'ways to log in',
      'PasswordAuthentication no\nPreferredAuthentications keyboard-interactive,publickey,password',
      { authMethods: ['keyboard-interactive', 'publickey'] },
    ],
    ['batch mode', 'BatchMode yes', { batchMode: true }],
    ['an address family', 'AddressFamily inet6', { addressFamily: 6 }],
    [
      'a ProxyCommand as it stands',
      `ProxyCommand sh -c 'echo "a  b" #%h'; nc %h %p %r %n 100%% # x`,
      { proxyCommand: `sh -c 'echo "a  b" #web'; nc web 22 root web 100% # x` },
    ],
    ['no ProxyCommand', 'ProxyCommand none\nProxyJump a', { jumps: [] }],
    ['no ProxyJump', 'ProxyJump none\nProxyCommand nc', { jumps: [] }],
    [
      'Match by host and user',
      'User joe\nHostName x.lan\nMatch host *.lan,!y.lan originalhost=web user joe,jim\n Port 5',
      { port: 5 },
    ],
    ['Match negated', 'Match !host web\n Port 5\nMatch !user root !originalhost a*\n Port 6', { port: 22 }],
    ['Match final', 'Match final host x.lan\n Port 5\nMatch all\n HostName x.lan', { port: 5 }],
    ['old names', 'ChallengeResponseAuthentication no', { authMethods: ['publickey', 'password'] }],
    [
      'unknown options that are to be ignored',
      'IgnoreUnknown Foo*,bar\nFooBar 1\nBar 2\nPort 3',
      { port: 3 },
    ],
  ];

for (const [name, config, expected] of SETTINGS) {
  test(`ssh_config is understood as OpenSSH understands it: ${name}`, async (t) => {
    const { user } = await agreed(t, '');
    const found = await agreed(t, config.replaceAll('root', user));
    t.like(found, JSON.parse(JSON.stringify(expected).replaceAll('root', user)));
  });
}

for (const config of [
  'Prot 22',
  'Port 0',
  'Port x',
  'Port 22 23',
  'Port',
  'User "a',
  'StrictHostKeyChecking maybe',
  'IdentitiesOnly perhaps',
  'Match',
  'Match host',
  'Match all user x',
  'Match frobnicate x',
  'HostName %q',
  'ConnectTimeout soon',
  'IdentityFile a b',
]) {
  test(`What OpenSSH refuses in ssh_config we refuse: ${config}`, async (t) => {
    await refused(t, config);
  });
}

test('Switching host key checks off is not obeyed, but said', async (t) => {
  const said: string[] = [];
  const log = (level: string, message: string) => said.push(`${level} ${message}`);
  for (const value of ['no', 'off']) {
    const { strictHostKeyChecking } = await agreed(t, `StrictHostKeyChecking ${value}`, { log });
    t.is(strictHostKeyChecking, 'accept-new');
  }
  t.regex(said[0] ?? '', /^warn StrictHostKeyChecking is off for web/);
});

test('Hops lead through one another, each resolved on its own', async (t) => {
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

test('The hops of a hop do not have to be followed for ever', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
  for (const environment of [withOpenSsh, withoutOpenSsh]) {
    const error = await t.throwsAsync(resolveDestination('a', { environment, configFile }), {
      instanceOf: TunnelError,
    });
    t.regex(error.message, /circles/);
  }
});

test('What the text names wins over the file, and flags over both', async (t) => {
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

test('The agent is the one that ssh_config names, or the environment', async (t) => {
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

test("A HOME that is not the passwd entry's is the one whose files count", async (t) => {
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

test('Include takes patterns, keeps blocks to themselves and stands under the Host above it', async (t) => {
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
});

test('A config file that others can write gives no orders', async (t) => {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.ssh'));
  await writeFile(join(home, '.ssh', 'config'), 'Port 3\n');
  await chmod(join(home, '.ssh', 'config'), 0o666);
  const resolving = resolveDestination('web', { environment: { HOME: home, ...withoutOpenSsh } });
  const error = await t.throwsAsync(resolving, { instanceOf: TunnelError });
  t.regex(error.message, /chmod/);
});

test('Match exec is left to OpenSSH', async (t) => {
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

test('New keys never go to the files of the system', async (t) => {
  const { knownHostsFiles } = await agreed(t, 'UserKnownHostsFile none\nGlobalKnownHostsFile /etc/known');
  t.deepEqual(knownHostsFiles, ['/dev/null', '/etc/known']);
});

test('Options that were never heard of are left to OpenSSH', async (t) => {
  const { needsOpenSsh } = await agreed(t, 'VerifyHostKeyDNS yes\nRevokedHostKeys /r\nBindAddress 127.0.0.1');
  t.is(needsOpenSsh.length, 3);
});

const word = fc.constantFrom(
  'web',
  'w*',
  '*',
  '!web',
  '?eb',
  'db',
  'x.lan',
  '*.lan',
  '!*.lan',
  '"web db"',
  'WEB',
  '[w]eb',
);
const value = fc.constantFrom(
  'a',
  '"a b"',
  "'c d'",
  'a\\ b',
  'a"b c"d',
  '~/k',
  '%h',
  '%%',
  '%r@%h',
  'none',
  '"',
  '#a',
  'a#b',
  'é',
  '',
);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('Host', 'host =', ' Host\t'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([keyword, words]) => `${keyword} ${words.join(' ')}`),
  fc
    .tuple(fc.constantFrom('host', '!host', 'originalhost', 'user', 'final host', 'all'), word)
    .map(([criterion, pattern]) => `Match ${criterion} ${criterion === 'all' ? '' : pattern}`),
  fc
    .tuple(
      fc.constantFrom(
        'IdentityFile',
        'CertificateFile',
        'ProxyCommand',
        'HostName',
        'User',
        'HostKeyAlias',
        'UserKnownHostsFile',
        'Foo',
      ),
      value,
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('Port', 'ServerAliveInterval', 'ConnectTimeout'),
      fc.constantFrom('1', '22', '5m', 'x', '', '1 2', '=7'),
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('IdentitiesOnly', 'StrictHostKeyChecking', 'HashKnownHosts', 'BatchMode'),
      fc.constantFrom('yes', 'no', 'TRUE', 'ask', 'off'),
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('Ciphers', 'MACs'),
      fc.constantFrom('+', '-', '^', ''),
      fc.constantFrom('aes128-ctr', 'hmac-sha2-*', 'hmac-sha2-512'),
    )
    .map(([keyword, sign, name]) => `${keyword} ${sign}${name}`),
);

test('Whatever a file says, our own reading answers as OpenSSH does, or refuses', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  const answer = async (environment: typeof withOpenSsh) => {
    try {
      return await resolveDestination('web', { environment, configFile });
    } catch (error) {
      t.true(error instanceof TunnelError, String(error));
      return undefined;
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      await writeFile(configFile, `${lines.join('\n')}\n`);
      const [byOpenSsh, byUs] = await Promise.all([answer(withOpenSsh), answer(withoutOpenSsh)]);
      if (byUs !== undefined) t.deepEqual(byUs, byOpenSsh, lines.join('\n'));
    }),
    { numRuns: 150, interruptAfterTimeLimit: 20_000 },
  );
});

test('No text makes anything else of a destination than a TunnelError or one that OpenSSH could be asked for', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      try {
        const { host } = await resolveDestination(text, { environment: withoutOpenSsh, configFile: 'none' });
        return !host.startsWith('-');
      } catch (error) {
        return error instanceof TunnelError;
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

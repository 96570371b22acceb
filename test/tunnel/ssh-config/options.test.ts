import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import type { ResolvedDestination } from '../../../tunnel/index.js';
import { agreed, refused } from '../helpers/ssh-config/ssh-config-agreement.js';

const run = promisify(execFile);

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
      { needsOpenSsh: ['ssh_config allows only kexAlgorithms that ssh2 does not support'] },
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
  test.serial(`ssh_config is understood as OpenSSH understands it: ${name}`, async (t) => {
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
  'Host',
  'Match user =',
  'IgnoreUnknown',
  'IgnoreUnknown a b',
  '\ufeffHashKnownHosts yes',
  '\vBatchMode yes',
  'StrictHostKeyChecking\u00a0yes',
  `UserKnownHostsFile $\{NOT_SET}/known_hosts`,
]) {
  test.serial(`what OpenSSH refuses in ssh_config we refuse: ${JSON.stringify(config)}`, async (t) => {
    await refused(t, config);
  });
}

test.serial('options at their default values take no OpenSSH', async (t) => {
  const lines = [
    'ProxyUseFdpass no',
    'RevokedHostKeys none',
    'KnownHostsCommand none',
    'PKCS11Provider none',
    'SecurityKeyProvider internal',
    'RekeyLimit default none',
    'RekeyLimit 0 0',
    'RequiredRSASize 1024',
    'VerifyHostKeyDNS no',
    'HostbasedAuthentication false',
    'HostbasedAcceptedAlgorithms +ssh-rsa',
    'EnableSSHKeysign no',
    'GSSAPIAuthentication no',
    'CertificateFile none',
    'PubkeyAcceptedAlgorithms +ssh-ed25519',
    'CASignatureAlgorithms +ssh-ed25519',
    'Ciphers -nothing',
  ];
  for (const line of lines) t.deepEqual((await agreed(t, line)).needsOpenSsh, [], line);
  t.deepEqual((await agreed(t, lines.join('\n'))).needsOpenSsh, []);
  // Whatever OpenSSH says of itself, written down.
  const { stdout } = await run('ssh', ['-G', '-F', 'none', 'web']);
  t.deepEqual((await agreed(t, stdout.replace(/^host .*$/m, ''))).needsOpenSsh, []);
});

test.serial('options with other values still take OpenSSH', async (t) => {
  for (const line of [
    'ProxyUseFdpass yes',
    'RevokedHostKeys /k',
    'KnownHostsCommand /bin/true',
    'PKCS11Provider /k',
    'SecurityKeyProvider /k',
    'RekeyLimit 1G 1h',
    'RequiredRSASize 2048',
    'VerifyHostKeyDNS ask',
    'HostbasedAuthentication yes',
    'CertificateFile /k',
    'PubkeyAcceptedAlgorithms ssh-ed25519',
    'CASignatureAlgorithms -ssh-ed25519',
  ])
    t.is((await agreed(t, line)).needsOpenSsh.length, 1, line);
});

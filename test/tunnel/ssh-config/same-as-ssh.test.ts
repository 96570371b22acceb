import { execFile } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Tunnel, TunnelError } from '../../../tunnel/index.js';
import { optionsBy, writeSshConfig } from '../helpers/ssh-config/ssh-config-file.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);

/** Whether the real `ssh` gets in, asking nothing. */
async function sshGetsIn(configFile: string): Promise<boolean> {
  try {
    await run('ssh', ['-F', configFile, '-o', 'BatchMode=yes', 'web', 'true']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 255) return false;
    throw error;
  }
}

async function weGetIn(configFile: string): Promise<boolean> {
  try {
    await using tunnel = await Tunnel.open(await optionsBy(configFile, 'web'));
    return tunnel.state.status === 'connected';
  } catch (error) {
    if (error instanceof TunnelError) return false;
    throw error;
  }
}

interface Place {
  readonly sshd: Sshd;
  readonly hop: Sshd;
  readonly folder: string;
}

/** Lines for the host `web`; what they leave open is filled in with what works. */
const CASES: readonly (readonly [
  name: string,
  getsIn: boolean,
  lines: (place: Place) => readonly string[],
])[] = [
  ['nothing special', true, () => []],
  ['a port where nothing listens', false, () => ['Port 1']],
  ['another user', false, () => ['User nobody-of-that-name']],
  ['an unknown host', false, () => ['UserKnownHostsFile /dev/null']],
  [
    'an unknown host that is to be accepted',
    true,
    ({ folder }) => [`UserKnownHostsFile ${folder}/new`, 'StrictHostKeyChecking accept-new'],
  ],
  [
    'a changed key that is to be accepted when new',
    false,
    ({ folder }) => [`UserKnownHostsFile ${folder}/changed`, 'StrictHostKeyChecking accept-new'],
  ],
  [
    'a revoked key',
    false,
    ({ folder }) => [`UserKnownHostsFile ${folder}/revoked`, 'StrictHostKeyChecking accept-new'],
  ],
  [
    'a second file that knows the host',
    true,
    ({ sshd }) => [`UserKnownHostsFile /dev/null ${sshd.knownHostsFile}`],
  ],
  [
    'a global file that knows the host',
    true,
    ({ sshd }) => ['UserKnownHostsFile none', `GlobalKnownHostsFile ${sshd.knownHostsFile}`],
  ],
  ['an alias that is not known', false, () => ['HostKeyAlias other']],
  [
    'an alias that is known',
    true,
    ({ folder }) => ['HostKeyAlias the-web', `UserKnownHostsFile ${folder}/alias`],
  ],
  [
    'a key that is not authorised',
    false,
    ({ folder }) => [`IdentityFile ${folder}/stranger`, 'IdentitiesOnly yes'],
  ],
  [
    'a second key that is authorised',
    true,
    ({ folder, sshd }) => [`IdentityFile ${folder}/stranger`, `IdentityFile ${sshd.identityFile}`],
  ],
  ['no key', false, () => ['IdentityFile none', 'IdentityAgent none']],
  ['keys switched off', false, () => ['PubkeyAuthentication no']],
  ['a cipher that the host lacks', false, () => ['Ciphers aes128-ctr']],
  ['a type of host key that the host lacks', false, () => ['HostKeyAlgorithms rsa-sha2-512']],
  ['a hop', true, () => ['ProxyJump hop']],
  ['a hop whose key is wrong', false, () => ['ProxyJump wrong-hop']],
  ['a command that leads nowhere', false, () => ['ProxyCommand false']],
  [
    'a command that leads through a hop',
    true,
    ({ folder }) => [`ProxyCommand ssh -F ${folder}/config -W %h:%p hop`],
  ],
  ['a certificate that is not there', true, ({ folder }) => [`CertificateFile ${folder}/none`]],
  [
    'revoked host keys in a list of their own',
    false,
    ({ folder }) => [`RevokedHostKeys ${folder}/revoked-keys`],
  ],
];

async function prepare(t: ExecutionContext): Promise<Place> {
  const [sshd, hop] = await Promise.all([Sshd.start(['Ciphers aes256-ctr']), Sshd.start()]);
  t.teardown(() => Promise.all([sshd, hop].map((one) => one[Symbol.asyncDispose]())));
  const { folder } = sshd;
  const name = `[127.0.0.1]:${sshd.port}`;
  await makeKey(join(folder, 'stranger'));
  await writeFile(join(folder, 'changed'), `${name} ${await hop.hostKey()}\n`);
  await writeFile(join(folder, 'revoked'), `@revoked ${name} ${await sshd.hostKey()}\n`);
  await writeFile(join(folder, 'alias'), `the-web ${await sshd.hostKey()}\n`);
  await copyFile(`${sshd.hostKeyFile}.pub`, join(folder, 'revoked-keys'));
  return { sshd, hop, folder };
}

function configFor({ sshd, hop, folder }: Place, lines: readonly string[]): string[] {
  const hopWith = (alias: string, knownHosts: string) =>
    `Host ${alias}\n HostName 127.0.0.1\n Port ${hop.port}\n IdentityFile ${hop.identityFile}\n UserKnownHostsFile ${knownHosts}`;
  const has = (keyword: string) => lines.some((line) => line.startsWith(keyword));
  return [
    ['Host web', ...lines].join('\n '),
    ...(has('IdentityFile') ? [] : [` IdentityFile ${sshd.identityFile}`]),
    ` HostName 127.0.0.1\n Port ${sshd.port}\n UserKnownHostsFile ${sshd.knownHostsFile}\n GlobalKnownHostsFile none`,
    hopWith('hop', hop.knownHostsFile),
    hopWith('wrong-hop', `${folder}/changed`),
    'Host *\n StrictHostKeyChecking yes\n IdentitiesOnly yes',
  ];
}

for (const [name, getsIn, lines] of CASES) {
  test.serial(`we get in where ssh gets in, and nowhere else: ${name}`, async (t) => {
    const place = await prepare(t);
    const configFile = await writeSshConfig(place.sshd, configFor(place, lines(place)));
    t.is(await weGetIn(configFile), getsIn, 'hawser');
    if (name.includes('accepted')) await writeFile(join(place.folder, 'new'), '');
    t.is(await sshGetsIn(configFile), getsIn, 'ssh');
  });
}

test.serial('a changed key with checks switched off is accepted by ssh, not by us', async (t) => {
  const place = await prepare(t);
  const lines = [`UserKnownHostsFile ${place.folder}/changed`, 'StrictHostKeyChecking no'];
  const configFile = await writeSshConfig(place.sshd, configFor(place, lines));
  t.false(await weGetIn(configFile));
  t.true(await sshGetsIn(configFile));
});

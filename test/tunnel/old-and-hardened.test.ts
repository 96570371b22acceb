import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import {
  createFleet,
  hardenedSshd,
  OLD_SSHD,
  OLD_SSHD_HINTS,
  type SshdProfile,
} from '../../fixtures/index.js';
import { Tunnel, TunnelError } from '../../tunnel/index.js';
import { SshWorld } from '../../world/index.js';
import { Etcd } from '../world/helpers/etcd.js';
import { hostLines, optionsBy, writeSshConfig } from './helpers/ssh-config/ssh-config-file.js';
import { Sshd } from './helpers/sshd.js';
import { Target } from './helpers/target.js';

const run = promisify(execFile);

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

function start({ config, hostKeyType = 'ed25519' }: SshdProfile): Promise<Sshd> {
  return Sshd.start(config.trimEnd().split('\n'), { hostKeyType });
}

/** What the real `ssh` says when it does not get in; empty when it does. */
async function sshSays(configFile: string, host = 'web'): Promise<string> {
  const args = ['-F', configFile, '-o', 'BatchMode=yes', host, 'exit'];
  try {
    await run('ssh', args);
    return '';
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) return String(error.stderr);
    throw error;
  }
}

async function tellsEtcd(configFile: string, host = 'web'): Promise<string> {
  const tunnel = await optionsBy(configFile, host);
  await using world = await SshWorld.open({ ssh: tunnel, seeds: [etcd.url], hostname: 'h1' });
  await world.strSet('motd', configFile);
  return await world.strGet('motd');
}

test.serial('the World works through a hardened host, as ssh does without a hint', async (t) => {
  await using sshd = await start(hardenedSshd([`127.0.0.1:${etcd.port}`]));
  const configFile = await writeSshConfig(sshd, [hostLines('web', sshd)]);
  t.is(await sshSays(configFile), '');
  t.is(await tellsEtcd(configFile), configFile);
});

test.serial('a hardened host refuses what it does not permit, and that is said', async (t) => {
  await using sshd = await start(hardenedSshd([`127.0.0.1:${etcd.port}`]));
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const socket = connect(forward.address.slice('unix://'.length)).resume();
  await once(socket, 'close');
  t.regex(forward.lastRefusal?.message ?? '', /forbids.*PermitOpen/);
});

test.serial(
  'the World works through an old host with the hints that ssh needs, and only with them',
  async (t) => {
    await using sshd = await start(OLD_SSHD);
    const without = await writeSshConfig(sshd, [hostLines('web', sshd)]);
    t.regex(await sshSays(without), /no matching key exchange/);
    const error = await t.throwsAsync(tellsEtcd(without), { instanceOf: TunnelError });
    t.is(error.code, 'no-common-algorithm');
    const configFile = await writeSshConfig(sshd, [hostLines('web', sshd, OLD_SSHD_HINTS)]);
    t.is(await sshSays(configFile), '');
    t.is(await tellsEtcd(configFile), configFile);
  },
);

test.serial(
  'a fleet can have an old and a hardened host, and ssh_config leads hawser into both',
  async (t) => {
    const sshd = { old: OLD_SSHD, hardened: hardenedSshd([`127.0.0.1:${etcd.port}`]) };
    await using fleet = await createFleet({
      hosts: ['old', 'hardened'],
      backend: 'processes',
      agents: false,
      sshd,
    });
    const configFile = join(fleet.folder, 'hinted_ssh_config');
    const include = `Match all\n  Include ${fleet.sshConfigFile}`;
    await writeFile(configFile, `Host old\n  ${OLD_SSHD_HINTS.join('\n  ')}\n${include}\n`);
    for (const name of ['old', 'hardened']) {
      t.is(await sshSays(configFile, name), '');
      t.is(await tellsEtcd(configFile, name), configFile);
    }
  },
);

/** Servers that lack one thing, what ssh_config has to say for it, and whether `ssh` gets in without. */
const LACKING: readonly (readonly [option: string, lines: readonly string[], hint: string | undefined])[] = [
  ['KexAlgorithms', ['KexAlgorithms diffie-hellman-group14-sha1'], 'diffie-hellman-group14-sha1'],
  ['HostKeyAlgorithms', ['HostKeyAlgorithms ssh-rsa'], 'ssh-rsa'],
  ['Ciphers', ['Ciphers aes128-cbc'], 'aes128-cbc'],
  ['MACs', ['Ciphers aes128-ctr', 'MACs hmac-sha1-96'], 'hmac-sha1-96'],
  // What ssh permits by itself, and ssh2 has not, or does not offer.
  ['MACs', ['Ciphers aes128-ctr', 'MACs umac-64@openssh.com'], undefined],
  ['MACs', ['Ciphers aes128-ctr', 'MACs hmac-sha1'], undefined],
  ['KexAlgorithms', ['KexAlgorithms sntrup761x25519-sha512@openssh.com'], undefined],
];

for (const [option, lines, hint] of LACKING) {
  test.serial(`a server with ${lines.at(-1)} alone is reached where ssh reaches it`, async (t) => {
    const hostKeyType = option === 'HostKeyAlgorithms' ? 'rsa' : 'ed25519';
    await using sshd = await Sshd.start(lines, { hostKeyType });
    const plain = await writeSshConfig(sshd, [hostLines('web', sshd)]);
    if (hint === undefined) {
      t.is(await sshSays(plain), '');
      await using tunnel = await Tunnel.open(await optionsBy(plain, 'web'));
      t.is(tunnel.state.status, 'connected');
      return;
    }
    t.regex(await sshSays(plain), /no matching/);
    const error = await t.throwsAsync(Tunnel.open(await optionsBy(plain, 'web')), {
      instanceOf: TunnelError,
    });
    t.is(error.code, 'no-common-algorithm');
    t.is(error.algorithmOption, option);
    t.true(error.message.includes(`"${option} +${hint}"`), error.message);
    const hinted = await writeSshConfig(sshd, [hostLines('web', sshd, [`${option} +${hint}`])]);
    t.is(await sshSays(hinted), '');
    await using tunnel = await Tunnel.open(await optionsBy(hinted, 'web'));
    t.is(tunnel.state.status, 'connected');
  });
}

test.serial('where ssh2 alone was asked for, the error names what to permit too', async (t) => {
  await using sshd = await Sshd.start(['KexAlgorithms diffie-hellman-group14-sha1']);
  const opening = Tunnel.open({ ...sshd.options, transport: 'ssh2' });
  const error = await t.throwsAsync(opening, { instanceOf: TunnelError });
  t.is(error.code, 'no-common-algorithm');
  t.regex(error.message, /KexAlgorithms \+/);
});

test.serial('a tunnel ends for good when its host speaks nothing that is permitted any more', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  t.is(tunnel.state.status, 'connected');
  await sshd.restart({ config: ['Ciphers aes128-cbc'] });
  for await (const { status, reason } of tunnel.states()) {
    if (status !== 'failed') continue;
    t.is(reason?.code, 'no-common-algorithm');
    break;
  }
});

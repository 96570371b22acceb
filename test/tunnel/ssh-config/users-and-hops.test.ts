import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { resolveDestination, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { temporaryFolder, withOpenSsh, withoutOpenSsh } from '../helpers/ssh-config/ssh-config-agreement.js';
import { hostLines, optionsBy, writeSshConfig } from '../helpers/ssh-config/ssh-config-file.js';
import { Sshd } from '../helpers/sshd.js';

test.serial(
  'a destination with what a shell acts on runs nothing, whatever ssh_config would run',
  async (t) => {
    const folder = await temporaryFolder(t);
    const configFile = join(folder, 'config');
    const ran = join(folder, 'ran');
    await writeFile(
      configFile,
      `Match exec "echo %r > ${ran}"\nHost *\n  ProxyCommand echo %r %h > ${ran}; exit 1\n`,
    );
    const names = [
      '$PATH',
      'a\\',
      'CORP\\ann',
      '!!',
      '*',
      '~root',
      '%d',
      'a b',
      '-oX',
      "a'b",
      '`id`',
      'a;id',
      'a\nid',
    ];
    for (const name of names) {
      for (const text of [`${name}@web`, `ssh://${encodeURIComponent(name)}@web`, `me@${name}`]) {
        const error = await t.throwsAsync(
          resolveDestination(text, { environment: withOpenSsh, configFile }),
          {
            instanceOf: TunnelError,
          },
        );
        t.is(error.code, 'bad-destination', text);
      }
    }
    await t.throwsAsync(access(ran));
  },
);

for (const [reading, environment] of [
  ['ssh', withOpenSsh],
  ['our own reading', withoutOpenSsh],
] as const) {
  test.serial(`what ${reading} finds in ssh_config decides between a password and a user name`, async (t) => {
    const configFile = join(await temporaryFolder(t), 'config');
    await writeFile(
      configFile,
      'Host bastion\n  User ann:target\nHost web+1 env=prod\n  User "CORP\\\\joe"\n  Port 2222\nHost *\n  User bob\n',
    );
    const resolve = (text: string) => resolveDestination(text, { environment, configFile });
    for (const text of [
      'bastion',
      'ann:target@bastion',
      'ssh://ann:target@bastion',
      'ssh://ann%3Atarget@web',
    ]) {
      t.is((await resolve(text)).user, 'ann:target', text);
    }
    for (const text of ['web+1', 'env=prod']) {
      const { user, host, port } = await resolve(text);
      t.deepEqual({ user, host, port }, { user: 'CORP\\joe', host: text, port: 2222 });
    }
    for (const text of [
      'ann:other@bastion',
      'ann:target@web',
      'bob:target@bastion',
      'ssh://ann:target@web',
    ]) {
      const error = await t.throwsAsync(resolve(text), { instanceOf: TunnelError });
      t.regex(error.message, /contains a password.*%3A/);
      t.notRegex(error.message, /target|other/);
    }
  });
}

test.serial('a hop that is an address is gone through, however ssh_config writes it', async (t) => {
  await using sshd = await Sshd.start();
  await using hop = await Sshd.start();
  const { user } = hop.destination;
  const hops = [
    `127.0.0.1:${hop.port}`,
    `${user}@[127.0.0.1]:${hop.port}`,
    `ssh://${user}@127.0.0.1:${hop.port}`,
  ];
  const everywhere = `Host *\n  IdentityFile ${hop.identityFile}\n  UserKnownHostsFile ${hop.knownHostsFile}`;
  for (const one of hops) {
    const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyJump ${one}`]), everywhere]);
    const options = await optionsBy(file, 'web');
    await using tunnel = await Tunnel.open(options);
    t.is(tunnel.state.status, 'connected', one);
  }
  t.is(hop.log.filter((line) => line.startsWith('Accepted publickey')).length, hops.length);
});

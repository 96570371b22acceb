import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { resolved } from '../../helpers/resolved.js';
import { Sshd } from '../../helpers/sshd.js';
import { connected, type Dial, dialFails } from './connected.js';

export function testHostKeys(dial: Dial): void {
  test.serial(
    'a host is let through only with the key that is known, and never when it is revoked',
    async (t) => {
      await using sshd = await Sshd.start();
      const known = join(sshd.folder, 'other_known_hosts');
      const knownHostsFiles = [known];
      await dialFails(t, dial(resolved(sshd, { knownHostsFiles })), 'host-key-unknown');
      const strict = { knownHostsFiles, strictHostKeyChecking: 'yes' } as const;
      await dialFails(t, dial(resolved(sshd, strict)), 'host-key-unknown');
      const name = `[127.0.0.1]:${sshd.port}`;
      await writeFile(known, `${name} ${await sshd.hostKey()}\n@revoked ${name} ${await sshd.hostKey()}\n`);
      await dialFails(t, dial(resolved(sshd, { knownHostsFiles })), 'host-key-revoked');
      const pinned = { knownHostsFiles, hostKey: await sshd.hostKey() };
      await dialFails(t, dial(resolved(sshd, pinned)), 'host-key-revoked');
      const logins = sshd.log.filter((line) => line.includes('Accepted'));
      t.is(logins.length, 0);
      await sshd.restart({ newHostKey: true });
      await dialFails(t, dial(resolved(sshd)), 'host-key-changed');
    },
  );

  test.serial('an alias is what the host is known by', async (t) => {
    await using sshd = await Sshd.start();
    const file = join(sshd.folder, 'alias_known_hosts');
    await writeFile(file, `known-as ${await sshd.hostKey()}\n`);
    const named = { knownHostsFiles: [file], hostKeyAlias: 'known-as' };
    await using link = await connected(dial, resolved(sshd, named));
    t.truthy(link);
  });

  test.serial('a new key is accepted and stored where that was asked for', async (t) => {
    await using sshd = await Sshd.start();
    const file = join(sshd.folder, 'new known hosts');
    const destination = resolved(sshd, { knownHostsFiles: [file], strictHostKeyChecking: 'accept-new' });
    {
      await using _ = await connected(dial, destination);
    }
    await using _again = await connected(dial, { ...destination, strictHostKeyChecking: 'yes' });
    await sshd.restart({ newHostKey: true });
    await dialFails(t, dial(destination), 'host-key-changed');
  });

  for (const form of ['a key', 'a fingerprint'] as const) {
    test.serial(`of all keys only a pinned one counts when ${form} is pinned`, async (t) => {
      await using sshd = await Sshd.start();
      const pin = form === 'a key' ? await sshd.hostKey() : await sshd.fingerprint();
      await using link = await connected(dial, resolved(sshd, { knownHostsFiles: [], hostKey: pin }));
      t.truthy(link);
      await sshd.restart({ newHostKey: true });
      await sshd.trustHostKey();
      await dialFails(t, dial(resolved(sshd, { hostKey: pin })), 'host-key-changed');
    });
  }
}

import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { setEnvironment } from '../../fixtures/helpers/environment.js';
import { Authority } from '../helpers/authority.js';
import { ed25519Key, rsaKey } from '../helpers/host-keys.js';
import { connects, refused } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { HostKeyTable, type Situation } from './situations.js';

test.serial(
  'a host with a certificate is accepted or refused as OpenSSH does it, whatever else is known',
  async (t) => {
    await using authority = await Authority.start();
    await using sshd = await Sshd.start([...authority.config, 'MaxStartups 100']);
    await authority.certifyHost(sshd, '127.0.0.1');
    const [key, ca, name] = [await sshd.hostKey(), await authority.publicKey(), `[127.0.0.1]:${sshd.port}`];
    const table = new HostKeyTable(sshd, [key]);
    const rows: (Omit<Situation, 'strictness'> & { readonly user: readonly string[] })[] = [
      { user: [`@cert-authority ${name} ${ca}`] },
      { user: [`@cert-authority 127.0.0.1 ${ca}`] },
      { user: [`@cert-authority elsewhere ${ca}`] },
      { user: [`@cert-authority ${name} ${ed25519Key(1).text}`] },
      { user: [`@cert-authority ${name} ${ca}`, `${name} ${key}`] },
      { user: [`@cert-authority ${name} ${ca}`, `${name} ${ed25519Key(1).text}`] },
      { user: [`@cert-authority ${name} ${ca}`, `${name} ${rsaKey(1).text}`] },
      { user: [`@cert-authority ${name} ${ca}`, `@revoked * ${ca}`] },
      { user: [`@cert-authority ${name} ${ca}`, `@revoked * ${ca}`, `${name} ${key}`] },
      { user: [`@cert-authority ${name} ${ca}`, `@revoked ${name} ${key}`] },
    ];
    await Promise.all(
      rows.map(async (row) => {
        const situation = { ...row, strictness: 'yes' } as const;
        const expected = await table.byOpenSsh(situation);
        t.is(await table.byTransport('auto', situation), expected, JSON.stringify(row));
      }),
    );
  },
);

test.serial(
  'without an ssh program a host is verified by its plain key, unless its authority is revoked',
  async (t) => {
    await using authority = await Authority.start();
    await using sshd = await Sshd.start(authority.config);
    await authority.certifyHost(sshd, '127.0.0.1');
    const [key, ca, name] = [await sshd.hostKey(), await authority.publicKey(), `[127.0.0.1]:${sshd.port}`];
    setEnvironment(t, { PATH: sshd.folder });
    const destinations = [resolved(sshd)];
    const known = [`@cert-authority ${name} ${ca}`, `${name} ${key}`];
    await writeFile(sshd.knownHostsFile, `${known.join('\n')}\n`);
    await connects(t, { destinations });
    await writeFile(sshd.knownHostsFile, `${[...known, `@revoked * ${ca}`].join('\n')}\n`);
    await refused(t, { destinations }, 'bad-destination');
  },
);

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import pLimit from 'p-limit';
import { formatKnownHostsLine } from '../../../tunnel/host-key/known-hosts.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../helpers/host-keys.js';
import { makeKey, Sshd } from '../helpers/sshd.js';
import { HostKeyTable, type Outcome, type Situation } from './situations.js';

/** So many connections at a time. */
const inTurn = pLimit(4);

/** An sshd with a key of two types, its names in known_hosts, and keys that are not its. */
async function server() {
  const sshd = await Sshd.start(['MaxStartups 100', 'PasswordAuthentication no']);
  const rsaFile = join(sshd.folder, 'host_key_rsa');
  await makeKey(rsaFile, { type: 'rsa' });
  await sshd.restart({ config: ['MaxStartups 100', `HostKey ${rsaFile}`] });
  const ours = await sshd.hostKey();
  const rsa = (await readFile(`${rsaFile}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  return {
    table: new HostKeyTable(sshd, [ours, rsa]),
    ours,
    rsa,
    name: `[127.0.0.1]:${sshd.port}`,
    bare: '127.0.0.1',
    other: ed25519Key(1).text,
    otherType: ecdsaKey(1).text,
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  };
}

test.serial(
  'the verdict on a host key is that of OpenSSH for everything that can be known of it',
  async (t) => {
    await using host = await server();
    const { table, name, bare, ours, other, otherType } = host;
    const known = {
      nothing: [],
      'this key': [ours],
      'another key': [other],
      'a key of another type': [otherType],
    };
    const revocations = {
      nobody: [],
      name: [`@revoked ${name} ${ours}`],
      bare: [`@revoked ${bare} ${ours}`],
    };
    const situations = Object.entries({
      ...known,
      'this key among others': [otherType, other, ours],
    }).flatMap(([named, namedKeys]) =>
      Object.entries(known).flatMap(([unnamed, bareKeys]) =>
        Object.entries(revocations).flatMap(([revokedBy, revoked]) => {
          const keys = [
            ...namedKeys.map((key) => `${name} ${key}`),
            ...bareKeys.map((key) => `${bare} ${key}`),
          ];
          const strictness =
            revokedBy === 'nobody' ? (['yes', 'accept-new'] as const) : ['accept-new' as const];
          return strictness.map((strict) => ({
            title: `${name} has ${named}, ${bare} has ${unnamed}, revoked by ${revokedBy}, ${strict}`,
            situation: { strictness: strict, user: [...keys, ...revoked] },
            // OpenSSH passes over it wherever the name with the port decides, or where the key is unknown anyway.
            isStricter: revokedBy === 'bare',
          }));
        }),
      ),
    );
    await Promise.all(
      situations.map(({ title, situation, isStricter }) =>
        inTurn(async () => {
          const expected = isStricter ? 'refused' : await table.byOpenSsh(situation);
          t.is(await table.byVerdict(situation), expected, title);
        }),
      ),
    );
    t.is(situations.length, 80);
  },
);

test.serial(
  'both transports accept, refuse and store what OpenSSH does, and never less strictly',
  async (t) => {
    await using host = await server();
    const { table, name, bare, ours, rsa, other, otherType } = host;
    const blob = Buffer.from(ours.split(' ')[1] ?? '', 'base64');
    const hashed = (host: string) => formatKnownHostsLine(host, blob, randomBytes(20));
    const trusting = ['NoHostAuthenticationForLocalhost yes', 'VisualHostKey yes', 'HashKnownHosts yes'];
    const rows: (Situation & { readonly stricter?: Outcome })[] = [
      { strictness: 'yes' },
      { strictness: 'ask' },
      { strictness: 'accept-new' },
      { strictness: 'no' },
      { strictness: 'yes', user: [`${name} ${ours}`] },
      { strictness: 'yes', user: [`${name} ${rsa}`] },
      { strictness: 'accept-new', user: [`${name} ${rsaKey(1).text}`] },
      { strictness: 'yes', user: [`${name} ${rsaKey(1).text}`, `${bare} ${rsa}`] },
      { strictness: 'yes', global: [`${name} ${ours}`] },
      { strictness: 'yes', user: [`${name} ${other}`], global: [`${name} ${ours}`] },
      { strictness: 'accept-new', user: [`${name} ${other}`] },
      { strictness: 'no', user: [`${name} ${other}`], stricter: 'refused' },
      { strictness: 'accept-new', user: [`${name} ${otherType}`] },
      { strictness: 'ask', user: [`${name} ${otherType}`] },
      { strictness: 'no', user: [`${name} ${otherType}`], stricter: 'refused' },
      { strictness: 'accept-new', global: [`${name} ${otherType}`] },
      { strictness: 'yes', user: [`${bare} ${ours}`] },
      { strictness: 'accept-new', user: [`${bare} ${ours}`] },
      { strictness: 'yes', user: [`${bare} ${other}`] },
      { strictness: 'accept-new', user: [`${bare} ${other}`] },
      { strictness: 'yes', user: [`${name} ${otherType}`, `${bare} ${ours}`] },
      { strictness: 'accept-new', user: [`${name} ${otherType}`, `${bare} ${ours}`] },
      { strictness: 'accept-new', user: [`@cert-authority ${name} ${ours}`, `${name} ${ours}`] },
      { strictness: 'yes', user: [`@revoked ${name} ${ours}`, `${name} ${ours}`] },
      { strictness: 'accept-new', user: [`@revoked ${name} ${ours}`] },
      { strictness: 'no', user: [`@revoked ${name} ${ours}`], stricter: 'refused' },
      { strictness: 'accept-new', user: [`@revoked ${bare} ${ours}`], stricter: 'refused' },
      { strictness: 'no', user: [`@revoked ${bare} ${ours}`], stricter: 'refused' },
      { strictness: 'yes', user: [`@revoked ${bare} ${ours}`, `${name} ${ours}`], stricter: 'refused' },
      { strictness: 'yes', user: [`${name} ${ours}`], global: [`@revoked * ${ours}`] },
      { strictness: 'yes', user: [`@revoked * ${other}`, `${name} ${ours}`] },
      { strictness: 'yes', user: [`[127.0.0.*]:* ${ours}`] },
      { strictness: 'yes', user: [`*,!${name} ${ours}`] },
      { strictness: 'accept-new', user: [`*,!${name} ${other}`] },
      { strictness: 'yes', user: [hashed(name)] },
      { strictness: 'yes', user: [hashed(bare)] },
      { strictness: 'yes', user: [hashed('[127.0.0.1]:1')] },
      { strictness: 'yes', user: [`alias ${ours}`], config: ['HostKeyAlias alias'] },
      { strictness: 'yes', user: [`${bare} ${ours}`], config: ['HostKeyAlias alias'] },
      { strictness: 'accept-new', user: [`${bare} ${other}`], config: ['HostKeyAlias alias'] },
      { strictness: 'accept-new', config: ['HostKeyAlias *'], stricter: 'refused' },
      { strictness: 'accept-new', config: ['UserKnownHostsFile none'] },
      { strictness: 'accept-new', config: ['UserKnownHostsFile /dev/null'] },
      { strictness: 'accept-new', config: ['UpdateHostKeys yes'] },
      { strictness: 'yes', config: trusting, stricter: 'refused' },
      { strictness: 'ask', config: trusting, stricter: 'refused' },
      { strictness: 'no', config: trusting, stricter: 'accepted and stored' },
      { strictness: 'no', user: [`${name} ${other}`], config: trusting, stricter: 'refused' },
      { strictness: 'no', user: [`${name} ${otherType}`], config: trusting, stricter: 'refused' },
      { strictness: 'no', user: [`@revoked ${name} ${ours}`], config: trusting, stricter: 'refused' },
      { strictness: 'no', user: [`@revoked ${bare} ${ours}`], config: trusting, stricter: 'refused' },
    ];
    await Promise.all(
      rows.map(({ stricter, ...situation }) =>
        inTurn(async () => {
          const openSsh = await table.byOpenSsh(situation);
          const expected = stricter ?? openSsh;
          const found = {
            ssh2: await table.byTransport('ssh2', situation),
            openssh: await table.byTransport('openssh', situation),
          };
          const title = JSON.stringify({ ...situation, openSsh });
          t.deepEqual(found, { ssh2: expected, openssh: expected }, title);
          if (stricter !== undefined) t.not(openSsh, stricter, `${title} is no deviation`);
        }),
      ),
    );
  },
);

import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { parsePrivateKey } from '../../../tunnel/transport/ssh2/login/parse-private-key.js';
import { answering, connects, refused } from '../helpers/logins.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);
const passphrase = 'secret phrase';
const encryption = { cipher: 'aes-256-cbc', passphrase } as const;

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const { privateKey: ec521 } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
const { privateKey: spelledOut } = generateKeyPairSync('ec', {
  namedCurve: 'secp384r1',
  paramEncoding: 'explicit',
});
const { privateKey: ed25519 } = generateKeyPairSync('ed25519');

const PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
const REMARKS = 'Bag Attributes\n    friendlyName: me\nKey Attributes: <No Attributes>\n\n';
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function pem(key: KeyObject, type: 'pkcs1' | 'sec1' | 'pkcs8', isEncrypted = false): string {
  return String(key.export({ type, format: 'pem', ...(isEncrypted && encryption) }));
}

const FORMS: readonly (readonly [name: string, text: string])[] = [
  ['PKCS#1', pem(rsa, 'pkcs1')],
  ['PKCS#1, encrypted', pem(rsa, 'pkcs1', true)],
  ['PKCS#8 of RSA', pem(rsa, 'pkcs8')],
  ['PKCS#8 of RSA, encrypted', pem(rsa, 'pkcs8', true)],
  ['SEC1', pem(ec521, 'sec1')],
  ['SEC1, encrypted', pem(ec521, 'sec1', true)],
  ['SEC1 after its parameters', `${PARAMETERS}${pem(ec, 'sec1')}`],
  ['SEC1 after its parameters, encrypted', `${PARAMETERS}${pem(ec, 'sec1', true)}`],
  ['SEC1 with its curve spelled out', pem(spelledOut, 'sec1')],
  ['PKCS#8 with its curve spelled out, encrypted', pem(spelledOut, 'pkcs8', true)],
  ['PKCS#8 of ECDSA', pem(ec, 'pkcs8')],
  ['PKCS#8 of Ed25519', pem(ed25519, 'pkcs8')],
  ['PKCS#8 of Ed25519, encrypted', pem(ed25519, 'pkcs8', true)],
  ['PKCS#8 after remarks', `${REMARKS}${pem(rsa, 'pkcs8')}`],
  ['SEC1 after remarks', `# mine\n\n${pem(ec, 'sec1')}`],
  ['PKCS#1 after a certificate', `${CERTIFICATE}${pem(rsa, 'pkcs1')}`],
  ['PKCS#1 before a certificate and remarks', `${pem(rsa, 'pkcs1')}${CERTIFICATE}${REMARKS}`],
  [
    'SEC1 after its parameters, with the line ends of Windows',
    `${PARAMETERS}${pem(ec, 'sec1')}`.replaceAll('\n', '\r\n'),
  ],
  ['PKCS#1, encrypted, with the line ends of Windows', pem(rsa, 'pkcs1', true).replaceAll('\n', '\r\n')],
  ['PKCS#1 after a byte order mark', `\uFEFF${pem(rsa, 'pkcs1')}`],
  ['PKCS#1 without a line end', pem(rsa, 'pkcs1').trimEnd()],
];

test.serial('a key gets in, whatever the form that OpenSSL and people gave it', async (t) => {
  await using sshd = await Sshd.start();
  const lines = [rsa, ec, ec521, spelledOut, ed25519].map((key) => {
    const own = parsePrivateKey(pem(key, 'pkcs8'));
    return `${own.type} ${own.getPublicSSH().toString('base64')}\n`;
  });
  await writeFile(join(sshd.folder, 'authorized_keys'), lines.join(''));
  const file = join(sshd.folder, 'key');
  for (const [name, text] of FORMS) {
    await writeFile(file, text, { mode: 0o600 });
    const { ask, asked } = answering(passphrase);
    await t.notThrowsAsync(connects(t, { ...sshd.options, identityFiles: [file], ask }), name);
    t.is(asked.length, name.includes('encrypted') ? 1 : 0, name);
  }
});

test.serial("OpenSSH's own form is read between remarks and with the line ends of Windows", async (t) => {
  await using sshd = await Sshd.start();
  const text = await readFile(sshd.identityFile, 'utf8');
  for (const changed of [`Subject: me\n\n${text}more\n`, text.replaceAll('\n', '\r\n'), text.trimEnd()]) {
    await writeFile(sshd.identityFile, changed);
    await connects(t, sshd.options);
  }
});

test.serial('a key of a kind that no server takes is refused as what it is', async (t) => {
  await using sshd = await Sshd.start();
  const file = join(sshd.folder, 'key');
  const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
  const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
  const ed448 = generateKeyPairSync('ed448').privateKey;
  for (const [text, problem] of [
    [pem(other, 'sec1'), /secp256k1/],
    [pem(dsa, 'pkcs8'), /do not accept dsa keys/],
    [pem(ed448, 'pkcs8'), /do not accept ed448 keys/],
    ['PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', /puttygen .* -O private-openssh/],
    [CERTIFICATE, /no private key/],
    ['-----BEGIN RSA PRIVATE KEY-----\nxxxx\n', /identity/],
  ] as const) {
    await writeFile(file, text, { mode: 0o600 });
    const error = await refused(t, { ...sshd.options, identityFiles: [file] }, 'bad-identity');
    t.regex(error.message, problem);
  }
  await makeKey(file, { type: 'dsa' });
  t.regex(
    (await refused(t, { ...sshd.options, identityFiles: [file] }, 'bad-identity')).message,
    /do not accept DSA keys/,
  );
});

for (const cipher of ['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com', 'aes256-ctr']) {
  test.serial(`a key that is encrypted with ${cipher} is asked the passphrase of, and gets in`, async (t) => {
    await using sshd = await Sshd.start();
    const { identityFile } = sshd;
    await run('ssh-keygen', [
      '-q',
      '-p',
      '-a',
      '1',
      '-Z',
      cipher,
      '-P',
      '',
      '-N',
      passphrase,
      '-f',
      identityFile,
    ]);
    const { ask, asked } = answering('wrong', passphrase);
    await connects(t, { ...sshd.options, ask });
    t.deepEqual(
      asked.map(({ kind }) => kind),
      ['passphrase', 'passphrase'],
    );
  });
}

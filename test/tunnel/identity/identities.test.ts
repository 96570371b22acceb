import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {
  identityNeedsOpenSsh,
  inspectPrivateKey,
  readPublicKeyFile,
} from '../../../tunnel/key-formats/inspect-key-file.js';
import { formatPrivateKey, parsePrivateKey } from '../../../tunnel/transport/ssh2/login/parse-private-key.js';
import { tokenKey } from '../helpers/host-keys.js';

const run = promisify(execFile);

const passphrase = 'secret phrase';

async function made(...options: readonly string[]): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'identity-'));
  try {
    const file = join(folder, 'id');
    const size = options.includes('rsa') ? ['-b', '2048'] : [];
    await run('ssh-keygen', ['-q', '-a', '1', ...size, '-f', file, ...options]);
    return { privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.serial(
  'private keys as ssh-keygen writes them are told apart, and their public half is found',
  async (t) => {
    for (const type of ['ed25519', 'ecdsa', 'rsa']) {
      for (const phrase of ['', passphrase]) {
        const { privateKey, publicKey } = await made('-t', type, '-N', phrase);
        const key = inspectPrivateKey(privateKey);
        t.is(key?.form, 'openssh');
        t.is(key?.isEncrypted, phrase !== '', type);
        t.deepEqual(key?.publicKey, readPublicKeyFile(publicKey));
        t.is(inspectPrivateKey(publicKey), undefined);
      }
    }
    t.deepEqual(inspectPrivateKey((await made('-t', 'ecdsa', '-m', 'PEM', '-N', '')).privateKey), {
      form: 'pem',
      isEncrypted: false,
    });
  },
);

test.serial('every form of a private key, encrypted or not, is read as the same key', async (t) => {
  for (const [type, form] of [
    ['ed25519', 'RFC4716'],
    ['ecdsa', 'RFC4716'],
    ['rsa', 'RFC4716'],
    ['ecdsa', 'PEM'],
    ['rsa', 'PEM'],
    ['ecdsa', 'PKCS8'],
    ['rsa', 'PKCS8'],
  ] as const) {
    const clear = await made('-t', type, '-m', form, '-N', '');
    t.deepEqual(parsePrivateKey(clear.privateKey).getPublicSSH(), readPublicKeyFile(clear.publicKey));
    const encrypted = await made('-t', type, '-m', form, '-N', passphrase);
    t.true(inspectPrivateKey(encrypted.privateKey)?.isEncrypted, `${type} ${form}`);
    t.throws(() => parsePrivateKey(encrypted.privateKey, 'wrong'));
    const key = parsePrivateKey(encrypted.privateKey, passphrase);
    t.deepEqual(key.getPublicSSH(), readPublicKeyFile(encrypted.publicKey), `${type} ${form}`);
  }
});

test.serial('PKCS#8 keys are turned into a form that signs', async (t) => {
  const keys: readonly KeyObject[] = [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ];
  for (const key of keys) {
    const text = formatPrivateKey(createPrivateKey(String(key.export({ type: 'pkcs8', format: 'pem' }))));
    const ours = parsePrivateKey(text);
    const data = Buffer.from('data');
    t.true(ours.verify(data, ours.sign(data)));
  }
  const folder = await mkdtemp(join(tmpdir(), 'identity-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const [ed25519] = keys;
  if (ed25519 === undefined) return;
  const file = join(folder, 'id');
  await writeFile(file, formatPrivateKey(ed25519), { mode: 0o600 });
  const { stdout } = await run('ssh-keygen', ['-y', '-f', file]);
  t.deepEqual(readPublicKeyFile(stdout), parsePrivateKey(formatPrivateKey(ed25519)).getPublicSSH());
});

test.serial('what needs OpenSSH is named', async (t) => {
  const { privateKey } = await made('-t', 'ed25519', '-N', '');
  t.is(identityNeedsOpenSsh(privateKey, []), undefined);
  t.regex(identityNeedsOpenSsh(privateKey, ['/id-cert.pub']) ?? '', /certificate/);
  const odd = await made('-t', 'ed25519', '-N', passphrase, '-Z', 'chacha20-poly1305@openssh.com');
  t.regex(identityNeedsOpenSsh(odd.privateKey, []) ?? '', /chacha20/);
  const sk = tokenKey(1).text;
  t.regex(identityNeedsOpenSsh(sk, []) ?? '', /FIDO/);
});

test.serial('any text can be looked at', (t) => {
  t.is(inspectPrivateKey('hello'), undefined);
  const header = '-----BEGIN OPENSSH PRIVATE KEY-----';
  fc.assert(
    fc.property(fc.string(), (text) => inspectPrivateKey(`${header}\n${text}\n-----END`) !== undefined),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const content = Buffer.concat([Buffer.from('openssh-key-v1\0'), bytes]).toString('base64');
      return inspectPrivateKey(`${header}\n${content}\n-----END`)?.form === 'openssh';
    }),
  );
});

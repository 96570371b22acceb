import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { joinStrings, sshString, uint32 } from '../../../base/key-formats/wire-fields.js';
import {
  formatSshSignature,
  isSignatureOf,
  parseSshSignature,
  signedData,
} from '../../../world/signatures/ssh-signature.js';

const NAMESPACE = 'hawser-deploy';
const folder = mkdtempSync(path.join(tmpdir(), 'hawser-signature-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const KEYS = {
  ed25519: [],
  ecdsa: ['-b', '256'],
  ecdsa384: ['-b', '384'],
  ecdsa521: ['-b', '521'],
  rsa: ['-b', '2048'],
};

function makeKey(name: string, flags: readonly string[]): string {
  const file = path.join(folder, name);
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    name.startsWith('ecdsa') ? 'ecdsa' : name,
    ...flags,
    '-N',
    '',
    '-f',
    file,
  ]);
  return file;
}

function signWith(key: string, message: string, ...options: string[]): string {
  return execFileSync('ssh-keygen', ['-Y', 'sign', '-q', '-n', NAMESPACE, '-f', key, ...options], {
    input: message,
    stdio: ['pipe', 'pipe', 'ignore'],
  }).toString();
}

for (const [name, flags] of Object.entries(KEYS)) {
  test.serial(`what ssh-keygen signs with a key of ${name} is accepted, and nothing else`, (t) => {
    const key = makeKey(name, flags);
    for (const hash of ['sha256', 'sha512']) {
      const text = signWith(key, 'the message', '-O', `hashalg=${hash}`);
      const signature = parseSshSignature(text);
      t.truthy(signature, text);
      if (signature === undefined) return;
      t.is(signature.publicKey.toString('base64'), readFileSync(`${key}.pub`, 'utf8').split(' ')[1] ?? '');
      t.true(isSignatureOf(signature, NAMESPACE, 'the message'));
      t.false(isSignatureOf(signature, NAMESPACE, 'the massage'));
      t.false(isSignatureOf(signature, 'file', 'the message'));
      t.is(formatSshSignature(signature), text);
    }
  });
}

test.serial('no bit of a signature can be changed', (t) => {
  const text = signWith(path.join(folder, 'ed25519'), 'the message');
  const blob = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
  for (let bit = 0; bit < blob.length * 8; bit += 1) {
    const changed = Buffer.from(blob);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const armoured = `-----BEGIN SSH SIGNATURE-----\n${changed.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
    const signature = parseSshSignature(armoured);
    if (signature === undefined) continue;
    t.false(isSignatureOf(signature, NAMESPACE, 'the message'), `bit ${bit}`);
  }
  t.pass();
});

/** A signature by a FIDO key that is software: the bytes are those of PROTOCOL.u2f. */
function signAsToken(flags: number) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const type = 'sk-ssh-ed25519@openssh.com';
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = joinStrings([Buffer.from(type), raw, Buffer.from('ssh:')]);
  const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest();
  const counted = Buffer.concat([Buffer.from([flags]), uint32(7)]);
  const data = signedData(NAMESPACE, 'sha512', 'the message');
  const bytes = sign(null, Buffer.concat([sha256('ssh:'), counted, sha256(data)]), privateKey);
  const signature = Buffer.concat([sshString(type), sshString(bytes), counted]);
  const text = formatSshSignature({ publicKey: key, namespace: NAMESPACE, hash: 'sha512', signature });
  return { text, publicKey: `${type} ${key.toString('base64')}` };
}

test.serial('a signature by a token counts, for ssh-keygen too, when somebody touched it', (t) => {
  const touched = signAsToken(1);
  const signature = parseSshSignature(touched.text);
  t.true(signature !== undefined && isSignatureOf(signature, NAMESPACE, 'the message'));
  t.true(signature !== undefined && !isSignatureOf(signature, NAMESPACE, 'the massage'));
  t.true(verifies(touched.text, touched.publicKey));
  const untouched = signAsToken(0);
  const other = parseSshSignature(untouched.text);
  t.true(other !== undefined && !isSignatureOf(other, NAMESPACE, 'the message'));
});

/** What `ssh-keygen -Y verify` says. */
function verifies(text: string, publicKey: string): boolean {
  const [signatureFile, signers] = [path.join(folder, 'one.sig'), path.join(folder, 'signers')];
  writeFileSync(signatureFile, text);
  writeFileSync(signers, `ann ${publicKey}\n`);
  const flags = ['-Y', 'verify', '-n', NAMESPACE, '-I', 'ann', '-f', signers, '-s', signatureFile];
  return spawnSync('ssh-keygen', flags, { input: 'the message' }).status === 0;
}

test.serial('what is no signature is none', (t) => {
  const armoured = (text: string) => `-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----`;
  for (const text of ['', 'no signature', armoured(''), armoured('AAAA'), armoured('A'.repeat(20_000))])
    t.is(parseSshSignature(text), undefined);
});

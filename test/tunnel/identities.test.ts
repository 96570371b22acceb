import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { findKeyProblem } from '../../tunnel/identities.js';

const run = promisify(execFile);

async function made(...options: readonly string[]): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'identity-'));
  try {
    const file = join(folder, 'id');
    await run('ssh-keygen', ['-q', '-f', file, ...options]);
    return { privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('Private keys as ssh-keygen writes them can be used', async (t) => {
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const { privateKey, publicKey } = await made('-t', type, '-N', '');
    t.is(findKeyProblem(privateKey), undefined, type);
    t.is(findKeyProblem(publicKey), 'public', type);
  }
  t.is(findKeyProblem((await made('-t', 'ecdsa', '-m', 'PEM', '-N', '')).privateKey), undefined);
});

test('Encrypted private keys are recognised in each of their forms', async (t) => {
  t.is(findKeyProblem((await made('-t', 'ed25519', '-N', 'secret phrase')).privateKey), 'encrypted');
  t.is(
    findKeyProblem((await made('-t', 'ecdsa', '-m', 'PEM', '-N', 'secret phrase')).privateKey),
    'encrypted',
  );
  const { privateKey } = generateKeyPairSync('ed25519');
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'secret phrase' };
  t.is(
    findKeyProblem(String(privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }))),
    'encrypted',
  );
  t.is(findKeyProblem(String(privateKey.export({ type: 'pkcs8', format: 'pem' }))), 'pkcs8');
});

test('Any text can be looked at', (t) => {
  t.is(findKeyProblem('hello'), 'not-a-key');
  const header = '-----BEGIN OPENSSH PRIVATE KEY-----';
  fc.assert(
    fc.property(fc.string(), (text) => findKeyProblem(`${header}\n${text}\n-----END`) !== 'not-a-key'),
  );
});

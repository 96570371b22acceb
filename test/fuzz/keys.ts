import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { fingerprintOf, parsePublicKey as readBlob } from '../../base/key-formats/parse-public-key.js';
import { parseHostKeyPins } from '../../tunnel/host-key/host-key-pin.js';
import { TunnelError } from '../../tunnel/index.js';
import {
  identityNeedsOpenSsh,
  inspectPrivateKey,
  readPublicKeyFile,
} from '../../tunnel/key-formats/inspect-key-file.js';
import { mutated } from './mutated.js';
import { keyBlob, keyText } from './public-keys.js';
import { refusesWith, topic } from './topic.js';

const line = fc
  .tuple(fc.constantFrom('', '', ' ', '\t', '\r'), keyText, fc.constantFrom('', ' me@home', '\r', '\0x'))
  .map((parts) => parts.join(''));

/** The fingerprints of all keys that OpenSSH finds in a file. */
async function judge(file: string): Promise<Set<string>> {
  const text = await new Promise<string>((resolve) => {
    // It exits with 255 when it finds none.
    execFile('ssh-keygen', ['-l', '-f', file], { maxBuffer: 1 << 24 }, (_, stdout) => resolve(stdout));
  });
  return new Set([...text.matchAll(/^\d+ (SHA256:[A-Za-z0-9+/]{43})/gm)].map(([, found = '']) => found));
}

/** Public keys in files: all that we read, OpenSSH reads. */
export const publicKeys = topic(
  'public-keys',
  fc.array(fc.oneof({ weight: 3, arbitrary: line }, { weight: 1, arbitrary: mutated(line, 3) }), {
    minLength: 1,
    maxLength: 40,
    size: 'max',
  }),
  async (lines, folder) => {
    const file = join(folder, 'keys.pub');
    await writeFile(file, Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
    const theirs = await judge(file);
    for (const text of lines) {
      const blob = readPublicKeyFile(text);
      if (blob === undefined) continue;
      const key = readBlob(blob);
      // What OpenSSH prints of a certificate is its key; whether anybody signed it, we leave to OpenSSH.
      if (key === undefined || (!key.isCertificate && !theirs.has(fingerprintOf(key.key))))
        throw new Error(`we read a key that OpenSSH does not: ${JSON.stringify(text)}`);
      identityNeedsOpenSsh(text, []);
    }
    return lines.length;
  },
  { short: 20, long: 500 },
);

const LABELS = ['OPENSSH ', 'RSA ', 'EC ', 'DSA ', '', 'ENCRYPTED ', 'PUBLIC '];
const privateKey = fc
  .tuple(
    fc.constantFrom(...LABELS),
    fc.oneof(
      keyBlob,
      keyBlob.map((blob) => Buffer.concat([Buffer.from('openssh-key-v1\0'), blob])),
    ),
    fc.constantFrom('', 'Proc-Type: 4,ENCRYPTED\n'),
  )
  .map(
    ([label, blob, header]) =>
      `-----BEGIN ${label}PRIVATE KEY-----\n${header}${blob.toString('base64')}\n-----END ${label}PRIVATE KEY-----\n`,
  );

/** Key files and pins: nothing but a TunnelError ever comes of them. */
export const keyFiles = topic(
  'key-files',
  fc.oneof(mutated(privateKey, 4), mutated(keyText, 4), fc.string({ unit: 'binary' })),
  (text) => {
    inspectPrivateKey(text);
    readPublicKeyFile(text);
    identityNeedsOpenSsh(text, []);
    const pins = refusesWith([TunnelError], () =>
      parseHostKeyPins(text, { user: 'me', host: 'h', port: 22 }),
    );
    for (const pin of pins ?? []) {
      if (pin.kind === 'key' && readBlob(pin.key)?.key.equals(pin.key) !== true)
        throw new Error('a pin is not the key that it was made of');
    }
    return 1;
  },
);

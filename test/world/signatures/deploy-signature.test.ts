import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { type Deployment, serialiseDeployment } from '../../../world/deploys/deploy-payload.js';
import { parseAllowedSigners } from '../../../world/signatures/allowed-signers.js';
import {
  checkDeploySignature,
  DEPLOY_NAMESPACE,
  messageToSign,
} from '../../../world/signatures/deploy-signature.js';

const folder = mkdtempSync(path.join(tmpdir(), 'hawser-signed-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const keyFile = path.join(folder, 'key');
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile]);
const publicKey = readFileSync(`${keyFile}.pub`, 'utf8');
const signers = parseAllowedSigners(`ann@example.org namespaces="hawser-deploy" ${publicKey}`);
const now = new Date('2026-06-01');

const place = { id: 7, fleet: '6f1c7a1e-0000-4000-8000-000000000001' };
const unsigned: Deployment = {
  hawser: 1,
  name: 'shop',
  message: 'new front page',
  author: 'ann@laptop',
  createdAt: '2026-01-01T00:00:00.000Z',
  tree: 'a'.repeat(64),
  noop: false,
  hosts: ['web1', 'web2'],
  manifest: { name: 'shop', env: { B: '2', A: '1' } },
};
const signature = execFileSync('ssh-keygen', ['-Y', 'sign', '-q', '-n', DEPLOY_NAMESPACE, '-f', keyFile], {
  input: messageToSign(place, unsigned),
  stdio: ['pipe', 'pipe', 'ignore'],
}).toString();
const payload = serialiseDeployment({ ...unsigned, signature });

test('an entry that somebody signed who may counts, with their name', (t) => {
  t.deepEqual(checkDeploySignature(payload, place, { signers, now }), { signedBy: 'ann@example.org' });
});

const refuses = test.macro({
  exec(t, text: string, refusal: string, at: Partial<typeof place> = {}) {
    t.deepEqual(checkDeploySignature(text, { ...place, ...at }, { signers, now }), { refusal });
  },
  title: (what) => `refused: ${what}`,
});
const invalid = 'its signature is not valid for this entry of this fleet';
const otherForm = 'it is not written as hawser writes entries';
test('without a signature', refuses, serialiseDeployment(unsigned), 'it is not signed');
test('at another place of the log', refuses, payload, invalid, { id: 8 });
test('in another fleet', refuses, payload, invalid, { fleet: '6f1c7a1e-0000-4000-8000-000000000002' });
for (const [what, changed] of Object.entries<Partial<Deployment>>({
  'another tree': { tree: 'b'.repeat(64) },
  'other hosts': { hosts: ['web1'] },
  'another manifest': { manifest: { name: 'shop', env: { A: '1', B: '2' } } },
  'a rollback': { rollbackOf: 3 },
}))
  test(what, refuses, serialiseDeployment({ ...unsigned, ...changed, signature }), invalid);
test(
  'a key that is there twice',
  refuses,
  payload.replace('"noop":false', '"noop":true,"noop":false'),
  otherForm,
);
test('spaces', refuses, payload.replace('"noop":false', '"noop": false'), otherForm);
test('a signature that is not last', refuses, JSON.stringify({ signature, ...unsigned }), otherForm);
test(
  'text that is no signature',
  refuses,
  serialiseDeployment({ ...unsigned, signature: 'signed: ann' }),
  invalid,
);

test('a key that is not listed, or not for deploys, or no longer, may not sign', (t) => {
  for (const line of [
    'ann ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOLv8/KEhiaSL7WQoPldHgU30x0tDysLBJjqm53OsYmG',
    `ann namespaces="git" ${publicKey}`,
    `ann valid-before="20260501Z" ${publicKey}`,
  ]) {
    const others = parseAllowedSigners(line);
    t.deepEqual(
      checkDeploySignature(payload, place, { signers: others, now }),
      { refusal: 'the key that signed it is not allowed to' },
      line,
    );
  }
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { findSigner, parseAllowedSigners } from '../../../world/signatures/allowed-signers.js';

const NAMESPACE = 'hawser-deploy';
const folder = mkdtempSync(path.join(tmpdir(), 'hawser-signers-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const keyFile = path.join(folder, 'key');
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ann', '-f', keyFile]);
const [type = '', base64 = ''] = readFileSync(`${keyFile}.pub`, 'utf8').split(' ');
const publicKey = `${type} ${base64}`;
const key = Buffer.from(base64, 'base64');
const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOLv8/KEhiaSL7WQoPldHgU30x0tDysLBJjqm53OsYmG';
const signature = execFileSync('ssh-keygen', ['-Y', 'sign', '-q', '-n', NAMESPACE, '-f', keyFile], {
  input: 'message',
  stdio: ['pipe', 'pipe', 'ignore'],
});
const signatureFile = path.join(folder, 'message.sig');
writeFileSync(signatureFile, signature);

/** Whether ssh-keygen finds somebody who may have signed. */
function sshKeygenFinds(text: string): boolean {
  const file = path.join(folder, 'allowed');
  writeFileSync(file, text);
  const found = spawnSync('ssh-keygen', ['-Y', 'find-principals', '-s', signatureFile, '-f', file]);
  const [principal] = found.stdout.toString().split('\n');
  if (found.status !== 0 || principal === undefined) return false;
  const who = principal.includes('*') ? 'ann@example.org' : principal;
  const flags = ['-Y', 'verify', '-n', NAMESPACE, '-I', who, '-f', file, '-s', signatureFile];
  return spawnSync('ssh-keygen', flags, { input: 'message' }).status === 0;
}

const FILES: readonly (readonly [text: string, allowed: boolean])[] = [
  [`ann@example.org ${publicKey}`, true],
  [`# people\n\n  ann@example.org   ${publicKey} a comment\r\n`, true],
  [`"ann@example.org" ${publicKey}`, true],
  [`*@example.org ${publicKey}`, true],
  [`bob ${otherKey}\nann ${publicKey}`, true],
  [`ann ${otherKey}`, false],
  [`ann namespaces="hawser-deploy" ${publicKey}`, true],
  [`ann namespaces="git,hawser-*" ${publicKey}`, true],
  [`ann NAMESPACES="file" ${publicKey}`, false],
  [`ann namespaces="*,!hawser-deploy" ${publicKey}`, false],
  [`ann valid-after="20200101" ${publicKey}`, true],
  [`ann valid-after="20990101" ${publicKey}`, false],
  [`ann valid-before="20200101Z" ${publicKey}`, false],
  [`ann valid-before="209901011200Z" ${publicKey}`, true],
  [`ann valid-after="20200101",valid-before="20990101",namespaces="hawser-deploy" ${publicKey}`, true],
  [`ann valid-after="20200101",namespaces="file" ${publicKey}`, false],
  [`ann namespaces="file" ${publicKey}\nann ${publicKey}`, true],
  ['', false],
];

for (const [text, allowed] of FILES) {
  test(`${JSON.stringify(text.replaceAll(base64, 'KEY'))} ${allowed ? 'allows' : 'does not allow'} the key, as for ssh-keygen`, (t) => {
    const found = findSigner(parseAllowedSigners(text), { key, namespace: NAMESPACE, now: new Date() });
    t.is(found !== undefined, allowed);
    t.is(sshKeygenFinds(text), allowed);
  });
}

const refused = test.macro({
  exec(t, text: string, message: string) {
    t.throws(() => parseAllowedSigners(text), { name: 'AllowedSignersError', message });
  },
  title: (_, text) => `${JSON.stringify(text).slice(0, 60)} is refused`,
});
test(refused, `ann ${publicKey}\nbob`, 'line 2: expected principals, options, and a public key');
test(
  refused,
  `ann cert-authority ${publicKey}`,
  'line 1: certificate authorities are not supported: name the keys themselves',
);
test(refused, `ann sometimes ${publicKey}`, 'line 1: unknown option sometimes');
test(
  refused,
  `ann valid-after="2020" ${publicKey}`,
  'line 1: 2020 is no time such as 20260131 or 202601312359Z',
);
test(refused, `ann valid-after="20200230" ${publicKey}`, 'line 1: 20200230 is no time');
test(
  refused,
  `ann valid-after="20210101",valid-before="20200101" ${publicKey}`,
  'line 1: valid-after is not before valid-before',
);
test(refused, `ann namespaces="a",namespaces="b" ${publicKey}`, 'line 1: namespaces is given twice');
test(
  refused,
  `ann ssh-ed25519 ${otherKey.split(' ')[1]?.slice(0, -4)}`,
  'line 1: expected principals, options, and a public key',
);

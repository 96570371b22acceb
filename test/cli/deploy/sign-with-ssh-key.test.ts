import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { signWithSshKey } from '../../../cli/deploy/sign-with-ssh-key.js';
import { isSignatureOf, parseSshSignature } from '../../../world/signatures/ssh-signature.js';
import { temporaryFolder } from '../helpers/hawser.js';

const namespace = 'hawser-deploy';

function makeKey(folder: string, name: string, passphrase = ''): string {
  const file = path.join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file]);
  return file;
}

async function isSignedBy(key: string, text: string): Promise<boolean> {
  const [, base64 = ''] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
  const signature = parseSshSignature(text);
  if (signature === undefined) return false;
  return (
    signature.publicKey.toString('base64') === base64 && isSignatureOf(signature, namespace, 'the message')
  );
}

test.serial('a key file signs, and a key of the SSH agent by its .pub file or as the only one', async (t) => {
  const folder = await temporaryFolder(t);
  const { signal } = new AbortController();
  const sign = (key: string) => signWithSshKey(key, 'the message', { namespace, signal });
  const [first, second] = [makeKey(folder, 'first'), makeKey(folder, 'second')];
  t.true(await isSignedBy(first, await sign(first)));

  const socket = path.join(folder, 'agent');
  const [, pid = ''] =
    /SSH_AGENT_PID=([0-9]+)/.exec(execFileSync('ssh-agent', ['-s', '-a', socket]).toString()) ?? [];
  const before = process.env['SSH_AUTH_SOCK'];
  t.teardown(() => {
    process.kill(Number(pid));
    if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
    else process.env['SSH_AUTH_SOCK'] = before;
  });
  process.env['SSH_AUTH_SOCK'] = socket;
  await t.throwsAsync(sign('agent'), {
    code: 'usage',
    message: /The SSH agent has no key: pass --sign FILE/,
  });
  execFileSync('ssh-add', ['-q', second]);
  await rm(second);
  t.true(await isSignedBy(second, await sign('agent')));
  t.true(await isSignedBy(second, await sign(`${second}.pub`)));
  execFileSync('ssh-add', ['-q', first]);
  await t.throwsAsync(sign('agent'), { code: 'usage', message: /The SSH agent has 2 keys/ });
});

test.serial('a key that cannot sign is named with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  const { signal } = new AbortController();
  const missing = path.join(folder, 'missing');
  await t.throwsAsync(signWithSshKey(missing, 'the message', { namespace, signal }), {
    code: 'sign-failed',
    message: /^Cannot sign the deploy with .*missing: .*No such file or directory\. Nothing was deployed\.$/,
  });
  const aborted = AbortSignal.abort(new Error('stopped'));
  await t.throwsAsync(signWithSshKey(missing, 'the message', { namespace, signal: aborted }), {
    message: 'stopped',
  });
});

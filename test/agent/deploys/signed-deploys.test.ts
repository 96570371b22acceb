import { execFileSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { SignatureGate } from '../../../agent/deploys/signatures/signature-gate.js';
import { signWithSshKey } from '../../../cli/deploy/sign-with-ssh-key.js';
import { type Deployment, EtcdWorld } from '../../../world/index.js';
import { DEPLOY_NAMESPACE, messageToSign } from '../../../world/signatures/deploy-signature.js';
import { temporaryFolder } from '../../cli/helpers/hawser.js';
import { appFolder, deployTo } from '../helpers/app-folder.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

function makeKey(folder: string, name: string): string {
  const file = path.join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return file;
}

test.serial('a host with allowed signers applies what one of them signed, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const [ann, eve] = [makeKey(folder, 'ann'), makeKey(folder, 'eve')];
  const signers = path.join(folder, 'allowed_signers');
  await writeFile(signers, `ann@example.org ${await readFile(`${ann}.pub`, 'utf8')}`, { mode: 0o600 });
  await using agents = await LocalAgents.create('3.5');
  const host: LocalAgent = await agents.add('h1');
  host.start([], ['--allowed-signers', signers]);
  await agents.voting('h1');
  await using world = EtcdWorld.create({ seeds: [host.clientUrl], hostname: 'laptop' });
  const app = await appFolder(t, { run: ['sleep', '1000'] });

  const unsigned = await deployTo(host, app);
  t.is(unsigned.code, 5);
  t.regex(unsigned.stdout, /Deploy 1 of app is not applied: it is not signed\./);
  const foreign = await deployTo(host, app, '--sign', eve);
  t.is(foreign.code, 5);
  t.regex(foreign.stdout, /the key that signed it is not allowed to/);
  t.deepEqual((await world.getRunning()).get('h1')?.apps ?? {}, {});
  const signed = await deployTo(host, app, '--sign', ann);
  t.is(signed.code, 0, signed.stderr + signed.stdout);
  // The same again, by somebody who can write into etcd.
  await world.addDeploy({ id: 4, payload: await world.getDeploy(3) });
  const said = async () => (await world.getReports(4)).get('h1');
  await agents.eventually('the copy is refused', async () => (await said())?.state === 'failed');
  t.regex((await said())?.message ?? '', /its signature is not valid for this entry of this fleet/);
  t.is((await world.getRunning()).get('h1')?.apps['app']?.deploy, 3);
});

test('an older signed deploy is not applied again, nor anything by a file that others can write', async (t) => {
  const folder = await temporaryFolder(t);
  const key = makeKey(folder, 'ann');
  const file = path.join(folder, 'allowed_signers');
  await writeFile(file, `ann ${await readFile(`${key}.pub`, 'utf8')}`, { mode: 0o600 });
  const fleet = '6f1c7a1e-0000-4000-8000-000000000001';
  const deployment: Deployment = {
    ...{ hawser: 1, name: 'shop', message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
    ...{ hosts: ['h1'], manifest: { name: 'shop' } },
  };
  const { signal } = new AbortController();
  const signedFor = async (id: number) => {
    const message = messageToSign({ id, fleet }, deployment);
    const signature = await signWithSshKey(key, message, { namespace: DEPLOY_NAMESPACE, signal });
    return { id, payload: JSON.stringify({ ...deployment, signature }) };
  };
  const [first, second] = [await signedFor(1), await signedFor(2)];
  const gate = () => new SignatureGate({ prefix: folder, file, fleet: async () => fleet });
  const one = gate();
  t.is(await one.refusal('shop', first), undefined);
  t.is(await one.refusal('shop', second), undefined);
  t.is(await one.refusal('shop', second), undefined, 'the same again');
  const older = /this host has accepted deploy 2 before, and goes back to no older one/;
  t.regex((await one.refusal('shop', first)) ?? '', older);
  t.regex((await gate().refusal('shop', first)) ?? '', older, 'after a restart, too');
  t.is(await gate().refusal('blog', first), undefined);
  await chmod(file, 0o666);
  t.regex((await gate().refusal('shop', second)) ?? '', /another user could have written .*allowed_signers/);
  await writeFile(path.join(folder, 'accepted-deploys.json'), 'damaged');
  await chmod(file, 0o600);
  t.truthy(await gate().refusal('shop', second));
});

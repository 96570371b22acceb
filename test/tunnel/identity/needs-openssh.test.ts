import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { whyIdentityNeedsOpenSsh } from '../../../tunnel/identity/identity-needs-openssh.js';
import { Tunnel } from '../../../tunnel/index.js';
import { whyAgentNeedsOpenSsh } from '../../../tunnel/ssh-agent/agent-key-needs-openssh.js';
import { setEnvironment } from '../../fixtures/helpers/environment.js';
import { tokenKey } from '../helpers/host-keys.js';
import { resolved } from '../helpers/resolved.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);
const { signal } = new AbortController();

test.serial('a certificate beside an identity is presented, by OpenSSH itself', async (t) => {
  await using sshd = await Sshd.start();
  const authority = join(sshd.folder, 'authority');
  await makeKey(authority);
  const { user } = sshd.destination;
  await run('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', user, `${sshd.identityFile}.pub`]);
  t.regex((await whyIdentityNeedsOpenSsh(resolved(sshd), { signal })) ?? '', /id-cert\.pub/);
  await using certified = await Sshd.start([`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedKeysFile none']);
  const files = { identityFiles: [sshd.identityFile], requiredIdentityFiles: [sshd.identityFile] };
  await using tunnel = await Tunnel.open({ destinations: [resolved(certified, files)] });
  t.is(tunnel.state.status, 'connected');
});

test.serial('a certificate that is only in the SSH agent is presented, by OpenSSH itself', async (t) => {
  await using sshd = await Sshd.start();
  const authority = join(sshd.folder, 'authority');
  await makeKey(authority);
  const { user } = sshd.destination;
  await run('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', user, `${sshd.identityFile}.pub`]);
  await using agent = await SshAgent.start();
  await agent.add(sshd.identityFile);
  for (const file of ['id', 'id.pub', 'id-cert.pub']) await rm(join(sshd.folder, file));
  const agentSocket = agent.socketPath;
  await using certified = await Sshd.start([`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedKeysFile none']);
  const files = { identityFiles: [], requiredIdentityFiles: [] };
  {
    await using tunnel = await Tunnel.open({
      destinations: [resolved(certified, { ...files, agentSocket })],
    });
    t.is(tunnel.state.status, 'connected');
  }
  // What the agent holds is kept back, and as ssh has it, nothing is asked of an agent that is not there.
  const kept = resolved(certified, { ...files, agentSocket, identitiesOnly: true });
  t.is(await whyAgentNeedsOpenSsh(kept, { signal }), undefined);
  const named = resolved(certified, { identityFiles: ['/nonexistent'], agentSocket, identitiesOnly: true });
  t.is(await whyAgentNeedsOpenSsh(named, { signal }), undefined);
  t.is(
    await whyAgentNeedsOpenSsh(resolved(certified, { agentSocket: '/nonexistent' }), { signal }),
    undefined,
  );
});

test.serial(
  'without an ssh program an SSH agent with a certificate is used for its other keys',
  async (t) => {
    await using sshd = await Sshd.start();
    const authority = join(sshd.folder, 'authority');
    await makeKey(authority);
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'me', `${sshd.identityFile}.pub`]);
    await using agent = await SshAgent.start();
    await agent.add(sshd.identityFile);
    setEnvironment(t, { PATH: '/nonexistent' });
    const options = { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath };
    await using tunnel = await Tunnel.open(options);
    t.is(tunnel.state.status, 'connected');
  },
);

test.serial('a key in a FIDO token takes OpenSSH, an ordinary or an absent one does not', async (t) => {
  await using sshd = await Sshd.start();
  t.is(await whyIdentityNeedsOpenSsh(resolved(sshd), { signal }), undefined);
  await writeFile(`${sshd.identityFile}.pub`, tokenKey(1).text);
  t.regex((await whyIdentityNeedsOpenSsh(resolved(sshd), { signal })) ?? '', /FIDO/);
  for (const file of [sshd.identityFile, `${sshd.identityFile}.pub`]) await rm(file);
  t.is(await whyIdentityNeedsOpenSsh(resolved(sshd), { signal }), undefined);
});

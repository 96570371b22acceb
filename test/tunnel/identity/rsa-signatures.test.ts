import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { answering, connects, encrypt, refused } from '../helpers/logins.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

/** A server that takes one RSA key, with these signatures only. */
async function startPicky(algorithms: string, config: readonly string[] = []): Promise<Sshd> {
  const sshd = await Sshd.start([`PubkeyAcceptedAlgorithms ${algorithms}`, 'LogLevel VERBOSE', ...config]);
  await makeKey(sshd.identityFile, { type: 'rsa' });
  await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${sshd.identityFile}.pub`));
  return sshd;
}

/** An agent with RSA keys that no host knows, then one that the server does. */
async function agentWith(sshd: Sshd, strangers: number): Promise<SshAgent> {
  const agent = await SshAgent.start();
  const stranger = join(sshd.folder, 'stranger');
  for (let n = 0; n < strangers; n += 1) {
    await makeKey(stranger, { type: 'rsa' });
    await agent.add(stranger);
  }
  await agent.add(sshd.identityFile);
  return agent;
}

for (const algorithm of ['rsa-sha2-512', 'rsa-sha2-256']) {
  test.serial(
    `a server that takes ${algorithm} alone is logged in to, by a file and by an SSH agent`,
    async (t) => {
      // One for each algorithm, and one to ask what else there is.
      await using sshd = await startPicky(algorithm, ['MaxAuthTries 3']);
      await connects(t, sshd.options);
      await using agent = await agentWith(sshd, 0);
      await connects(t, { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath });
      await encrypt(sshd, 'secret phrase');
      const { ask, asked } = answering('secret phrase');
      await connects(t, { ...sshd.options, ask });
      t.is(asked.length, 1);
    },
  );
}

test.serial('the strongest signature comes first, so that most servers are offered a key once', async (t) => {
  await using sshd = await startPicky('rsa-sha2-512,rsa-sha2-256', ['MaxAuthTries 1']);
  await connects(t, sshd.options);
  await using agent = await agentWith(sshd, 0);
  await connects(t, { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath });
  t.false(
    sshd.log.some((line) => line.startsWith('Failed publickey')),
    sshd.log.join('\n'),
  );
});

test.serial('offering keys again leaves attempts for what the host asks for besides', async (t) => {
  await using sshd = await startPicky('rsa-sha2-256', ['PasswordAuthentication yes', 'PermitRootLogin yes']);
  await using agent = await agentWith(sshd, 3);
  await writeFile(join(sshd.folder, 'authorized_keys'), '');
  const { ask, asked } = answering('wrong', undefined);
  const options = { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath, ask };
  const error = await refused(t, options, 'auth-failed');
  t.deepEqual(
    asked.map(({ kind }) => kind),
    ['password'],
  );
  t.is(error.tried.filter((name) => name.includes('agent')).length, 4);
});

test.serial('a key that no server takes is named once, however often it was offered', async (t) => {
  await using sshd = await startPicky('rsa-sha2-512,rsa-sha2-256', ['MaxAuthTries 2']);
  await writeFile(join(sshd.folder, 'authorized_keys'), '');
  const error = await refused(t, sshd.options, 'auth-failed');
  t.deepEqual(error.tried, [sshd.identityFile]);
  t.notRegex(error.message, /no more attempts/);
});

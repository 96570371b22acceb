import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { resolveDestination } from '../../../tunnel/index.js';
import type { AddKeysToAgent } from '../../../tunnel/ssh-config/resolved-destination.js';
import { answering, connects, encrypt } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { temporaryFolder, withOpenSsh, withoutOpenSsh } from '../helpers/ssh-config/ssh-config-agreement.js';
import { hostLines, writeSshConfig } from '../helpers/ssh-config/ssh-config-file.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);
const AT_ONCE: AddKeysToAgent = { ask: false, confirm: false };

/** The keys of an agent, as ssh-add lists them: `BITS SHA256:… comment (TYPE)`. */
async function held(agent: SshAgent): Promise<string[]> {
  try {
    const { stdout } = await run('ssh-add', ['-l'], {
      env: { ...process.env, SSH_AUTH_SOCK: agent.socketPath },
    });
    return stdout.trim().split('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1) return [];
    throw error;
  }
}

for (const type of ['ed25519', 'ecdsa', 'rsa']) {
  test.serial(
    `an ${type} key that was unlocked is given to the SSH agent, and used from there next time`,
    async (t) => {
      await using sshd = await Sshd.start();
      await makeKey(sshd.identityFile, { type });
      await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${sshd.identityFile}.pub`));
      await encrypt(sshd, 'secret phrase');
      await using agent = await SshAgent.start();
      const destinations = [resolved(sshd, { agentSocket: agent.socketPath, addKeysToAgent: AT_ONCE })];
      const { ask, asked } = answering('secret phrase');
      await connects(t, { destinations, ask });
      t.is((await held(agent)).length, 1);
      await connects(t, { destinations, ask });
      t.is(asked.length, 1);
      // The agent alone is enough.
      await rm(sshd.identityFile);
      await connects(t, { destinations });
    },
  );
}

test.serial(
  'a key that nobody has to unlock is given to the SSH agent too, one that was refused is not',
  async (t) => {
    await using sshd = await Sshd.start();
    await using agent = await SshAgent.start();
    const stranger = join(sshd.folder, 'stranger');
    await makeKey(stranger);
    const files = { identityFiles: [stranger, sshd.identityFile] };
    const agentSocket = agent.socketPath;
    await connects(t, { destinations: [resolved(sshd, { ...files, agentSocket })] });
    t.deepEqual(await held(agent), []);
    await connects(t, { destinations: [resolved(sshd, { ...files, agentSocket, addKeysToAgent: AT_ONCE })] });
    const keys = await held(agent);
    t.is(keys.length, 1);
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${sshd.identityFile}.pub`]);
    t.is(keys[0]?.split(' ')[1], stdout.split(' ')[1]);
  },
);

test.serial('an SSH agent that is to ask, or to forget, is told so', async (t) => {
  await using sshd = await Sshd.start();
  await using agent = await SshAgent.start();
  const keep = (addKeysToAgent: AddKeysToAgent) =>
    connects(t, { destinations: [resolved(sshd, { agentSocket: agent.socketPath, addKeysToAgent })] });
  await keep({ ask: false, confirm: false, lifetimeSeconds: 1 });
  // It forgets by itself, within the time limit of the test.
  while ((await held(agent)).length > 0);
  await keep({ ask: false, confirm: true });
  t.is((await held(agent)).length, 1);
  await rm(sshd.identityFile);
  // It has nobody to ask, and so gives no signature.
  await t.throwsAsync(keep({ ask: false, confirm: true }), { message: /could not sign/ });
});

test.serial('a person who is to be asked first decides, and nobody to ask means no', async (t) => {
  await using sshd = await Sshd.start();
  await using agent = await SshAgent.start();
  const addKeysToAgent = { ask: true, confirm: false };
  const destinations = [resolved(sshd, { agentSocket: agent.socketPath, addKeysToAgent })];
  await connects(t, { destinations });
  for (const [answer, count] of [
    [undefined, 0],
    ['no', 0],
    ['yes', 1],
  ] as const) {
    const { ask, asked } = answering(answer);
    await connects(t, { destinations, ask });
    t.is((await held(agent)).length, count, answer);
    t.like(asked, [{ kind: 'confirmation', echo: true }]);
  }
});

test.serial(
  'both transports ask, and give the key to the SSH agent for the time that ssh_config says',
  async (t) => {
    await using sshd = await Sshd.start();
    for (const transport of ['ssh2', 'openssh'] as const) {
      await using agent = await SshAgent.start();
      for (const [value, answers, count] of [
        ['no', [], 0],
        ['ask', ['no'], 0],
        ['ask', ['yes'], 1],
      ] as const) {
        const lines = [`IdentityAgent ${agent.socketPath}`, `AddKeysToAgent ${value}`];
        const configFile = await writeSshConfig(sshd, [hostLines('web', sshd, lines)]);
        const destination = await resolveDestination('web', { environment: withOpenSsh, configFile });
        const { ask, asked } = answering(...answers);
        await connects(t, { destinations: [destination], ask, transport });
        t.deepEqual(
          asked.map(({ kind }) => kind),
          answers.map(() => 'confirmation'),
          `${transport} ${value}`,
        );
        t.is((await held(agent)).length, count, `${transport} ${value}`);
      }
    }
  },
);

test.serial('AddKeysToAgent is read as OpenSSH reads it', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  for (const [value, expected] of [
    ['no', undefined],
    ['yes', AT_ONCE],
    ['ask', { ask: true, confirm: false }],
    ['confirm', { ask: false, confirm: true }],
    ['1h30m', { ...AT_ONCE, lifetimeSeconds: 5_400 }],
    ['confirm 5m', { ask: false, confirm: true, lifetimeSeconds: 300 }],
  ] as const) {
    await writeFile(configFile, `AddKeysToAgent ${value}\n`);
    for (const environment of [withOpenSsh, withoutOpenSsh]) {
      const { addKeysToAgent } = await resolveDestination('web', { environment, configFile });
      t.deepEqual(addKeysToAgent, expected, value);
    }
  }
});

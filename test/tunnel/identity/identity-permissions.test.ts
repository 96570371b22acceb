import { execFile } from 'node:child_process';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { permissionProblemOf } from '../../../tunnel/identity/key-permission-problem.js';
import { connects, refused } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);

/** What OpenSSH itself says of a file. */
async function saidBySsh(file: string): Promise<string> {
  try {
    await run('ssh-keygen', ['-y', '-P', '', '-f', file]);
    return '';
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  }
}

for (const transport of ['ssh2', 'openssh'] as const) {
  test.serial(
    `a private key that others can read is refused in OpenSSH's words over ${transport}`,
    async (t) => {
      await using sshd = await Sshd.start();
      const destinations = [resolved(sshd)];
      for (const mode of [0o644, 0o640, 0o604, 0o601, 0o660]) {
        await chmod(sshd.identityFile, mode);
        const said = await saidBySsh(sshd.identityFile);
        const [sentence = 'nothing'] = /^Permissions .*too open\.$/m.exec(said) ?? [];
        const error = await refused(t, { destinations, transport }, 'bad-identity');
        t.true(error.message.includes(sentence), `${error.message}, but ssh: ${said}`);
        t.is(error.file, sshd.identityFile);
      }
      t.false(sshd.log.some((line) => line.includes('Accepted')));
      for (const mode of [0o600, 0o400]) {
        await chmod(sshd.identityFile, mode);
        await connects(t, { destinations, transport });
      }
    },
  );
}

test.serial(
  'a private key that others can read is skipped where others would do, with a warning',
  async (t) => {
    await using sshd = await Sshd.start();
    const open = join(sshd.folder, 'open');
    await copyFile(sshd.identityFile, open);
    await chmod(open, 0o644);
    const said: string[] = [];
    const log = (level: string, message: string) => void (level === 'warn' && said.push(message));
    const files = { identityFiles: [open, sshd.identityFile], requiredIdentityFiles: [] };
    await connects(t, { destinations: [resolved(sshd, files)], transport: 'ssh2', log });
    t.regex(said.join(), /Permissions 0644 for '.*open' are too open/);
    const alone = { identityFiles: [open], requiredIdentityFiles: [] };
    await refused(t, { destinations: [resolved(sshd, alone)], transport: 'ssh2' }, 'auth-failed');
  },
);

test.serial('what permissions a file has does not matter where the SSH agent has its key', async (t) => {
  await using sshd = await Sshd.start();
  await using agent = await SshAgent.start();
  await agent.add(sshd.identityFile);
  await chmod(sshd.identityFile, 0o644);
  await rm(`${sshd.identityFile}.pub`);
  for (const transport of ['ssh2', 'openssh'] as const) {
    const destinations = [resolved(sshd, { agentSocket: agent.socketPath })];
    await connects(t, { destinations, transport });
  }
});

test.serial('the key of another user is for them to guard', (t) => {
  t.is(permissionProblemOf('/k', { uid: 1, mode: 0o100644 }, 0), undefined);
  t.is(permissionProblemOf('/k', { uid: 1, mode: 0o100600 }, 1), undefined);
  t.regex(
    permissionProblemOf('/k', { uid: 1, mode: 0o100644 }, 1) ?? '',
    /^Permissions 0644 for '\/k' are too open\./,
  );
  t.regex(permissionProblemOf('/k', { uid: 1, mode: 0o100007 }, 1) ?? '', /^Permissions 0007 for/);
});

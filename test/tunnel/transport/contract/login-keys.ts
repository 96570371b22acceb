import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fingerprintOf } from '../../../../base/key-formats/parse-public-key.js';
import { resolved } from '../../helpers/resolved.js';
import { SshAgent } from '../../helpers/ssh-agent.js';
import { makeKey, Sshd } from '../../helpers/sshd.js';
import { connected, type Dial } from './connected.js';

export function testLoginKeys(dial: Dial): void {
  test.serial(
    'a login tells which key the host accepted: of a file, of the SSH agent, on a jump',
    async (t) => {
      await using sshd = await Sshd.start();
      const strange = join(sshd.folder, 'strange');
      await makeKey(strange);
      await using agent = await SshAgent.start();
      await agent.add(sshd.identityFile);
      const fromFile = resolved(sshd, { identityFiles: [strange, sshd.identityFile] });
      const fromAgent = {
        agentSocket: agent.socketPath,
        identityFiles: [strange],
        requiredIdentityFiles: [],
      };
      const [, base64 = ''] = (await readFile(`${sshd.identityFile}.pub`, 'utf8')).split(' ');
      const expected = fingerprintOf(Buffer.from(base64, 'base64'));
      for (const destination of [
        fromFile,
        resolved(sshd, fromAgent),
        resolved(sshd, { ...fromAgent, jumps: [fromFile] }),
      ]) {
        await using link = await connected(dial, destination);
        t.is(link.link.loginKey, expected);
      }
    },
  );
}

import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import ssh2 from 'ssh2';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type Ask, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { makeKey } from '../helpers/sshd.js';

/** Someone who shows a host's public key without having its private half, as anybody can. */
async function impostor(folder: string): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
  // Not ssh2's own generator: it writes one key of some hundred in a form that it cannot read.
  const [shown, own] = await Promise.all(
    ['shown', 'own'].map(async (name) => {
      await makeKey(join(folder, name));
      return ssh2.utils.parseKey(await readFile(join(folder, name)));
    }),
  );
  if (shown === undefined || own === undefined || shown instanceof Error || own instanceof Error)
    throw new Error('no keys');
  const blob = shown.getPublicSSH();
  own.getPublicSSH = () => blob;
  const server = new ssh2.Server({ hostKeys: [{ key: own }] }, (client) => {
    // It is hung up on.
    client.on('error', () => {});
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

test.serial(
  'a key that the host cannot sign with is not stored, even when the person accepted it',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'proof-'));
    t.teardown(() => rm(folder, { recursive: true }));
    await using server = await impostor(folder);
    const knownHostsFile = join(folder, 'known_hosts');
    let questions = 0;
    const ask: Ask = async () => {
      questions += 1;
      return 'yes';
    };
    const destinations = [{ user: 'root', host: '127.0.0.1', port: server.port }];
    for (const expected of [1, 2]) {
      const opened = Tunnel.open({ destinations, knownHostsFiles: [knownHostsFile], identityFiles: [], ask });
      const error = await t.throwsAsync(opened, { instanceOf: TunnelError });
      t.regex(error.message, /signature/);
      // It is asked again, for nothing was stored.
      t.is(questions, expected);
    }
    await t.throwsAsync(stat(knownHostsFile), { code: 'ENOENT' });
  },
);

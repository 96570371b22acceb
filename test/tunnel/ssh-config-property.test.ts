import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { resolveDestination, TunnelError } from '../../tunnel/index.js';
import { temporaryFolder, withOpenSsh, withoutOpenSsh } from './ssh-config-agreement.js';

const word = fc.constantFrom(
  'web',
  'w*',
  '*',
  '!web',
  '?eb',
  'db',
  'x.lan',
  '*.lan',
  '!*.lan',
  '"web db"',
  'WEB',
  '[w]eb',
);
const value = fc.constantFrom(
  'a',
  '"a b"',
  "'c d'",
  'a\\ b',
  'a"b c"d',
  '~/k',
  '%h',
  '%%',
  '%r@%h',
  'none',
  '"',
  '#a',
  'a#b',
  'é',
  '',
);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('Host', 'host =', ' Host\t'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([keyword, words]) => `${keyword} ${words.join(' ')}`),
  fc
    .tuple(fc.constantFrom('host', '!host', 'originalhost', 'user', 'final host', 'all'), word)
    .map(([criterion, pattern]) => `Match ${criterion} ${criterion === 'all' ? '' : pattern}`),
  fc
    .tuple(
      fc.constantFrom(
        'IdentityFile',
        'CertificateFile',
        'ProxyCommand',
        'HostName',
        'User',
        'HostKeyAlias',
        'UserKnownHostsFile',
        'Foo',
      ),
      value,
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('Port', 'ServerAliveInterval', 'ConnectTimeout'),
      fc.constantFrom('1', '22', '5m', 'x', '', '1 2', '=7'),
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('IdentitiesOnly', 'StrictHostKeyChecking', 'HashKnownHosts', 'BatchMode'),
      fc.constantFrom('yes', 'no', 'TRUE', 'ask', 'off'),
    )
    .map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom('Ciphers', 'MACs'),
      fc.constantFrom('+', '-', '^', ''),
      fc.constantFrom('aes128-ctr', 'hmac-sha2-*', 'hmac-sha2-512'),
    )
    .map(([keyword, sign, name]) => `${keyword} ${sign}${name}`),
);

test.serial('Whatever a file says, our own reading answers as OpenSSH does, or refuses', async (t) => {
  const configFile = join(await temporaryFolder(t), 'config');
  const answer = async (environment: typeof withOpenSsh) => {
    try {
      return await resolveDestination('web', { environment, configFile });
    } catch (error) {
      t.true(error instanceof TunnelError, String(error));
      return undefined;
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      await writeFile(configFile, `${lines.join('\n')}\n`);
      const [byOpenSsh, byUs] = await Promise.all([answer(withOpenSsh), answer(withoutOpenSsh)]);
      if (byUs !== undefined) t.deepEqual(byUs, byOpenSsh, lines.join('\n'));
    }),
    { numRuns: 150, interruptAfterTimeLimit: 20_000 },
  );
});

test.serial(
  'No text makes anything else of a destination than a TunnelError or one that OpenSSH could be asked for',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        try {
          const { host } = await resolveDestination(text, {
            environment: withoutOpenSsh,
            configFile: 'none',
          });
          return !host.startsWith('-');
        } catch (error) {
          return error instanceof TunnelError;
        }
      }),
      { numRuns: 500 },
    );
    t.pass();
  },
);

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type ResolvedDestination, resolveDestination, TunnelError } from '../../tunnel/index.js';
import { mutated } from './mutated.js';
import { topic } from './topic.js';

const word = fc.constantFrom(
  'web',
  'w*',
  '*',
  '!web',
  '?eb',
  'db',
  '"web db"',
  'WEB',
  '[w]eb',
  '!*',
  '**',
  'web,db',
  '',
  '"',
);
const value = fc.constantFrom(
  'a',
  '"a b"',
  "'c d'",
  'a\\ b',
  'a"b c"d',
  '~/k',
  '/k/%h',
  '%%',
  '%r@%h',
  'none',
  '"',
  '#a',
  'a#b',
  'é',
  '',
  '/a /b',
  '"/a b" /c',
  '\\"',
  `$\{HOME}/x`,
  '/k\r',
);
const flag = fc.constantFrom(
  'yes',
  'no',
  'TRUE',
  'False',
  'ask',
  'off',
  'accept-new',
  '',
  'maybe',
  '"yes"',
  'yes # x',
);
const number = fc.constantFrom(
  '1',
  '22',
  '5m',
  'x',
  '',
  '1 2',
  '=7',
  '0',
  '-1',
  '65536',
  '1h30',
  '99999999999',
);
const gap = fc.constantFrom(' ', ' ', '\t', '=', ' = ', '  ');

const entry = fc
  .oneof(
    fc.tuple(
      fc.constantFrom('Host', 'host', '  HOST'),
      gap,
      fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
    ),
    fc.tuple(
      fc.constantFrom(
        'Match host',
        'Match !host',
        'Match originalhost',
        'Match user',
        'Match final host',
        'Match all',
        'Match localuser',
      ),
      gap,
      word,
    ),
    fc.tuple(
      fc.constantFrom(
        'IdentityFile',
        'CertificateFile',
        'ProxyCommand',
        'HostName',
        'User',
        'HostKeyAlias',
        'UserKnownHostsFile',
        'GlobalKnownHostsFile',
        'Foo',
        'IgnoreUnknown',
        'RevokedHostKeys',
        'KnownHostsCommand',
      ),
      gap,
      value,
    ),
    fc.tuple(
      fc.constantFrom('Port', 'ServerAliveInterval', 'ConnectTimeout', 'ServerAliveCountMax'),
      gap,
      number,
    ),
    fc.tuple(
      fc.constantFrom(
        'IdentitiesOnly',
        'StrictHostKeyChecking',
        'HashKnownHosts',
        'BatchMode',
        'NoHostAuthenticationForLocalhost',
        'PubkeyAuthentication',
        'VerifyHostKeyDNS',
      ),
      gap,
      flag,
    ),
    fc.tuple(
      fc.constantFrom('Ciphers', 'MACs', 'KexAlgorithms', 'HostKeyAlgorithms'),
      gap,
      fc
        .constantFrom('+', '-', '^', '')
        .chain((sign) =>
          fc
            .constantFrom('aes128-ctr', 'hmac-sha2-*', 'hmac-sha2-512', 'ssh-rsa', 'ssh-ed25519', 'nonsense')
            .map((name) => `${sign}${name}`),
        ),
    ),
  )
  .map((parts) => parts.join(''));

async function answer(
  path: string | undefined,
  configFile: string,
): Promise<ResolvedDestination | undefined> {
  try {
    return await resolveDestination('web', { environment: path === undefined ? BARE : WITH_SSH, configFile });
  } catch (error) {
    if (error instanceof TunnelError) return undefined;
    throw error;
  }
}

/** The same, but that we may leave more to OpenSSH. */
function isSafely(ours: ResolvedDestination, theirs: ResolvedDestination | undefined): boolean {
  const { needsOpenSsh } = ours;
  if (theirs === undefined || needsOpenSsh.length < theirs.needsOpenSsh.length) return false;
  return isDeepStrictEqual(ours, { ...theirs, needsOpenSsh });
}

const WITH_SSH = { PATH: process.env['PATH'] };
const BARE = { PATH: '/nonexistent' };

/** ssh_config files: our own reading is that of OpenSSH, or refuses what OpenSSH may take. */
export const sshConfig = topic(
  'ssh-config',
  fc.array(fc.oneof({ weight: 6, arbitrary: entry }, { weight: 1, arbitrary: mutated(entry) }), {
    maxLength: 8,
  }),
  async (lines, folder) => {
    const file = join(folder, 'config');
    await writeFile(file, Buffer.from(`${lines.join('\n')}\n`));
    const [theirs, ours] = await Promise.all([answer(process.env['PATH'], file), answer(undefined, file)]);
    if (ours !== undefined && !isSafely(ours, theirs))
      throw new Error(`we read ${JSON.stringify(ours)}, OpenSSH ${JSON.stringify(theirs)}`);
    return 1;
  },
  { short: 25, long: 500 },
);

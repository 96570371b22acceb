import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { matchesGlob, matchesPatternList, matchesWildcards } from '../../base/match-wildcards.js';
import { readHostKeyTrust } from '../../tunnel/host-key/read-host-key-trust.js';
import { resolveDestination } from '../../tunnel/index.js';
import { ed25519Key } from '../tunnel/helpers/host-keys.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', ']'), maxLength: 12 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '['), maxLength: 10 });

/** Plain, and slow. */
function matchesSlowly(wanted: string, given: string): boolean {
  const [first, rest] = [wanted.charAt(0), wanted.slice(1)];
  if (first === '') return given === '';
  if (first === '*')
    return matchesSlowly(rest, given) || (given !== '' && matchesSlowly(wanted, given.slice(1)));
  return given !== '' && (first === '?' || first === given.charAt(0)) && matchesSlowly(rest, given.slice(1));
}

test.serial('a pattern matches what trying everything finds that it matches', (t) => {
  fc.assert(
    fc.property(pattern, text, (wanted, given) => {
      t.is(matchesWildcards(wanted, given), matchesSlowly(wanted, given));
    }),
    { numRuns: 2_000 },
  );
});

test.serial('a list covers what one pattern of it matches and no negated one does', (t) => {
  const cases: readonly (readonly [list: string, name: string, covers: boolean])[] = [
    ['a', 'a', true],
    ['b,a', 'a', true],
    ['*,!a', 'a', false],
    ['!a,*', 'a', false],
    ['!a', 'b', false],
    ['!!a', 'a', false],
    ['', '', false],
    [',', '', true],
    [`${'a'.repeat(1_022)},b`, 'b', true],
    // OpenSSH gives the whole list up, whatever matched before.
    [`b,${'a'.repeat(1_023)}`, 'b', false],
    [`!b,${'a'.repeat(1_023)}`, 'b', false],
  ];
  for (const [list, name, covers] of cases) t.is(matchesPatternList(list, name), covers, list.slice(0, 20));
});

test.serial('file names are matched as the shell does', (t) => {
  const cases: readonly (readonly [glob: string, name: string, matches: boolean])[] = [
    ['*.conf', 'a.conf', true],
    ['[ab].conf', 'b.conf', true],
    ['[!ab].conf', 'b.conf', false],
    ['[^ab]x', 'cx', true],
    ['[a-c]x', 'bx', true],
    ['[]a]', ']', true],
    ['[!]a]', 'b', true],
    ['[a', '[a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a+(b)', 'a+(b)', true],
  ];
  for (const [glob, name, matches] of cases) t.is(matchesGlob(glob, name), matches, `${glob} on ${name}`);
});

test.serial('however many wildcards a file has, it is read before anybody notices', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wildcards-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const known = join(folder, 'known_hosts');
  const hostile = `${'a*'.repeat(30)}b`;
  const list = Array.from({ length: 200 }, () => hostile).join(',');
  await writeFile(known, `${list} ${ed25519Key(1).text}\n`.repeat(20));
  const config = join(folder, 'config');
  const blocks = [
    `Host ${hostile}\n  User mallory`,
    `Match host ${list}\n  User mallory`,
    `Match user ${hostile} originalhost ${list}\n  User mallory`,
    `IgnoreUnknown ${hostile}`,
    `Include ${folder}/${hostile}`,
    `Ciphers -${hostile}`,
    `Host *\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile none`,
  ];
  await writeFile(config, `${blocks.join('\n')}\n`);
  await writeFile(join(folder, 'a'.repeat(240)), '');
  // Read by ourselves: what OpenSSH takes for it is its own affair.
  const environment = { PATH: '/nonexistent' };
  const host = 'a'.repeat(250);
  const destination = await resolveDestination(`me@${host}`, { environment, configFile: config });
  t.is(destination.user, 'me');
  const { known: found } = await readHostKeyTrust(destination, { signal: new AbortController().signal });
  t.deepEqual(found.keys, []);
});

test.serial(
  'a known_hosts file that is too large is refused, and reading a large one can be aborted',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'wildcards-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const configFile = join(folder, 'config');
    const signal = new AbortController().signal;
    const trustIn = async (file: string, abort = signal) => {
      await writeFile(configFile, `UserKnownHostsFile ${file}\nGlobalKnownHostsFile none\n`);
      const destination = await resolveDestination('h', {
        environment: { PATH: '/nonexistent' },
        configFile,
      });
      return readHostKeyTrust(destination, { signal: abort });
    };
    const endless = await t.throwsAsync(trustIn('/dev/zero'));
    t.regex(endless.message, /too large/);
    const large = join(folder, 'large');
    const line = `elsewhere ${ed25519Key(1).text}\n`;
    await writeFile(large, `${line.repeat(100_000)}h ${ed25519Key(2).text}\n`);
    const { known } = await trustIn(large);
    t.deepEqual(
      known.keys.map((one) => one.line),
      [100_001],
    );
    const controller = new AbortController();
    const reading = trustIn(large, controller.signal);
    controller.abort(new Error('enough'));
    await t.throwsAsync(reading, { message: 'enough' });
  },
);

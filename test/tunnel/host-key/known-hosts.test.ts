import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { keyType } from '../../../base/key-formats/parse-public-key.js';
import { lookUpHost, matchesHost, parseKnownHosts } from '../../../tunnel/host-key/known-hosts.js';
import { ed25519Key, rsaKey } from '../helpers/host-keys.js';

const run = promisify(execFile);

/** The numbers of the lines that ssh-keygen finds for a name. */
async function judge(file: string, name: string): Promise<number[]> {
  try {
    // With -l it reads the keys too, as ssh does.
    const { stdout } = await run('ssh-keygen', ['-l', '-F', name, '-f', file]);
    return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line));
  } catch (error) {
    // It exits with 1 when it finds nothing.
    if (error instanceof Error && 'code' in error && error.code === 1) return [];
    throw error;
  }
}

function hashed(name: string, salt: string): string {
  const hash = createHmac('sha1', Buffer.from(salt)).update(name).digest('base64');
  return `|1|${Buffer.from(salt).toString('base64')}|${hash}`;
}

const name = fc.constantFrom(
  'a',
  'ab',
  'a.b',
  'b',
  'a-b',
  '10.0.0.1',
  '::1',
  '[a]:2222',
  '[a.b]:22',
  '[::1]:2222',
  'é',
);
const pattern = fc.oneof(
  name,
  fc.constantFrom(
    '*',
    'a*',
    '*b',
    '?',
    'a?b',
    '[a]:*',
    '[*]:2222',
    '10.0.0.*',
    'A',
    '',
    '**',
    '[?]:2222',
    'é',
    'É',
    '??',
  ),
);
const element = fc
  .tuple(fc.constantFrom('', '', '', '!'), pattern)
  .map(([negation, text]) => `${negation}${text}`);
const hosts = fc.oneof(
  { weight: 3, arbitrary: fc.array(element, { minLength: 1, maxLength: 4 }).map((list) => list.join(',')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(name, fc.constantFrom('salt-of-twenty-bytes', 'another-twenty-bytes'))
      .map(([host, salt]) => hashed(host, salt)),
  },
);
const line = fc
  .tuple(fc.constantFrom('', '', '', '@revoked ', '@cert-authority ', '# ', ' ', '@other '), hosts, fc.nat(3))
  .filter(([, field]) => !/^\s*$/.test(field))
  .map(([marker, field, key]) => `${marker}${field} ${ed25519Key(key).text}${key === 0 ? ' a comment' : ''}`);

test.serial('the lines that cover a host are those that ssh-keygen finds', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'known_hosts');
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), name, async (lines, host) => {
      await writeFile(file, `${lines.join('\n')}\n`);
      const found = parseKnownHosts(Buffer.from(lines.join('\n')), file).filter((one) =>
        matchesHost(one.hosts, host),
      );
      t.deepEqual(
        found.map((one) => one.line),
        await judge(file, host),
        `${host} in\n${lines.join('\n')}`,
      );
    }),
    { numRuns: 60 },
  );
});

test.serial(
  'a line counts where OpenSSH reads it, to the byte, and a revocation is never passed over',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'known_hosts');
    const { key, text } = ed25519Key(1);
    const base64 = key.toString('base64');
    const [start, end] = [base64.slice(0, 20), base64.slice(20)];
    const rsa = rsaKey(1, 1_016).text;
    const certificate = `ssh-ed25519-cert-v01@openssh.com ${base64}`;
    const salted = (length: number) => hashed('a', 'x'.repeat(length));
    const read = [
      `a ${text}`,
      ` \ta\t ${text} a comment`,
      `a ${text}\r`,
      `a ${text}\0 junk`,
      `@revoked a ssh-ed25519 ${start}\r${end}`,
      `@revoked a ssh-ed25519 ${start}\v\f${end}`,
      `@revoked\ta\tssh-ed25519\t${base64}`,
      `@revoked  a ${text}`,
      `@revoked #,a ${text}`,
      `${salted(20)} ${text}`,
      `@cert-authority a ${text}`,
      `@revoked a rsa-sha2-512 ${rsaKey(1).text.split(' ')[1]}`,
      `${'b'.repeat(1_022)},a ${text}`,
    ];
    const passedOver = [
      `a ssh-ed25519 ${start}!${end}`,
      `a ssh-ed25519 ${start}\xa0${end}`,
      `a ssh-ed25519 ${base64}=`,
      `a ssh-ed25519 ${base64}AAAA`,
      `a ssh-ed25519 ${key.toString('base64url')}-_`,
      `a ssh-ed25519 ${base64.slice(0, -4)}`,
      `a ssh-rsa ${base64}`,
      `a ${certificate}`,
      `a ${rsa}`,
      `\xef\xbb\xbfa ${text}`,
      `\xa0a ${text}`,
      `\ra ${text}`,
      `a\rssh-ed25519 ${base64}`,
      `a ssh-ed25519\r${base64}`,
      `a\xa0${text}`,
      `a\0\0 ${text}`,
      `a ssh-ed25519\0${base64}`,
      `\0a ${text}`,
      `@revoked\ta ${text}`,
      `@revoked @revoked a ${text}`,
      `@REVOKED a ${text}`,
      `@revoked`,
      `# a ${text}`,
      `${salted(19)} ${text}`,
      `${salted(21)} ${text}`,
      `${salted(20).replace('|1|', '|2|')} ${text}`,
      `${salted(20)}= ${text}`,
      `${'b'.repeat(1_023)},a ${text}`,
      `a,${'b'.repeat(1_023)} ${text}`,
      `a ED25519 ${base64}`,
    ];
    const content = Buffer.from(`${[...read, ...passedOver].join('\n')}\n`, 'latin1');
    await writeFile(file, content);
    const expected = read.map((_, index) => index + 1);
    t.deepEqual(await judge(file, 'a'), expected);
    const found = parseKnownHosts(content, file).filter((one) => matchesHost(one.hosts, 'a'));
    t.deepEqual(
      found.map((one) => one.line),
      expected,
    );
  },
);

test.serial('lines that make no sense are passed over, whatever the text is', (t) => {
  const key = ed25519Key(1).text;
  const text = [
    '',
    '   ',
    '# host ssh-ed25519 AAAA',
    'host',
    'host ssh-ed25519',
    'host ssh-ed25519 !!!',
    `host ssh-rsa ${key.split(' ')[1]}`,
    '@unknown host ssh-ed25519 AAAA',
    `host ${key}\r`,
  ].join('\n');
  const lines = parseKnownHosts(text, 'f');
  t.deepEqual(
    lines.map((one) => one.line),
    [9],
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => Array.isArray(parseKnownHosts(any, 'f'))));
});

test.serial(
  'a host on another port than 22 is looked up by name and port, and by its bare name apart',
  (t) => {
    const lines = parseKnownHosts(
      `host ${ed25519Key(1).text}\n[host]:2222 ${ed25519Key(2).text}\n@revoked host ${ed25519Key(3).text}\n@cert-authority * ${ed25519Key(4).text}`,
      'f',
    );
    const at2222 = lookUpHost(lines, 'HOST', 2222);
    t.is(at2222.name, '[host]:2222');
    t.deepEqual(
      at2222.keys.map((one) => one.line),
      [2],
    );
    t.deepEqual(
      at2222.keysWithoutPort.map((one) => one.line),
      [1],
    );
    t.deepEqual(
      at2222.revoked.map((one) => one.line),
      [3],
    );
    const at22 = lookUpHost(lines, 'host', 22);
    t.deepEqual(
      at22.keys.map((one) => one.line),
      [1],
    );
    t.deepEqual(at22.keysWithoutPort, []);
  },
);

test.serial('bytes that are no key have no type', (t) => {
  for (const bytes of [[], [0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 9, 97], [255, 255, 255, 255, 97]]) {
    t.is(keyType(Buffer.from(bytes)), undefined);
  }
});

import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { fingerprintOf, parsePublicKey } from '../../base/key-formats/parse-public-key.js';
import {
  hashedName,
  type KnownHostsLine,
  lookUpHost,
  parseKnownHosts,
} from '../../tunnel/host-key/known-hosts.js';
import { verifyHostKey } from '../../tunnel/host-key/verify-host-key.js';
import { mutated, odd } from './mutated.js';
import { bytesOf, encode, goodKeys, keyText } from './public-keys.js';
import { topic } from './topic.js';

const HOST = 'h';
const PORT = 2222;
const NAMES = ['[h]:2222', 'h'] as const;

const pattern = fc.constantFrom(
  ...NAMES,
  ...NAMES,
  'H',
  '[H]:2222',
  '*',
  '[*]:*',
  '[h]:*',
  '?',
  '[h]:222?',
  'hh',
  '',
  '[h]:22',
  'x',
  'h.x',
  '\xe9',
  'a*a*a*b',
);
const list = fc
  .array(fc.tuple(fc.constantFrom('', '', '', '', '!', '!!'), pattern), { minLength: 1, maxLength: 3 })
  .map((elements) => elements.map((element) => element.join('')).join(','));
const long = fc
  .tuple(fc.constantFrom(1_021, 1_022, 1_023, 1_024, 5_000), fc.constantFrom('h,', '!h,', '*,', ''))
  .map(([length, before]) => `${before}${'a'.repeat(length)},h`);
const hash = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(20, 20, 20, 20, 19, 21, 0), fc.nat(2))
  .map(([name, length, salt]) => hashedName(name, bytesOf(`salt ${salt}`, length)));
const hosts = fc.oneof(
  { weight: 6, arbitrary: list },
  { weight: 3, arbitrary: hash },
  { weight: 1, arbitrary: mutated(hash) },
  { weight: 1, arbitrary: long },
);
const marker = fc.constantFrom(
  ...Array.from({ length: 8 }, () => ''),
  '@revoked ',
  '@revoked ',
  '@revoked\t',
  '@revoked  ',
  '@cert-authority ',
  '@cert-authority\t\t',
  '@revoked',
  '@ ',
  '@REVOKED ',
  '@revoked @revoked ',
  '@revoked @cert-authority ',
  '@unknown ',
  '#',
  '# ',
  '@revoked\r ',
  '@revoked #',
);
const gap = fc.constantFrom(' ', ' ', ' ', ' ', '\t', '  ', ' \t ', '\r', '\v', '\xa0', '\0', '\0 ', '\0\t');
const before = fc.constantFrom('', '', '', '', '', ' ', '\t ', '\r', '\xef\xbb\xbf', '\xa0', '\v');
const after = fc.constantFrom(
  '',
  '',
  '',
  ' a comment',
  '\r',
  ' ',
  '\t#x',
  '\0',
  '\0junk',
  ' \xa0',
  '\xa0',
  '=',
  'junk',
);
const wellMade = fc.tuple(before, marker, hosts, gap, keyText, after).map((parts) => parts.join(''));
const line = fc.oneof(
  { weight: 8, arbitrary: wellMade },
  { weight: 2, arbitrary: mutated(wellMade, 3) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.oneof(odd, hosts, keyText, marker), { maxLength: 6 })
      .map((parts) => parts.join('')),
  },
);

interface Found {
  readonly marker: KnownHostsLine['marker'] | undefined;
  readonly fingerprint: string;
}

const MARKERS = { CA: 'cert-authority', REVOKED: 'revoked' } as const;

/** The lines that OpenSSH reads for a name, and what is in them. */
async function judge(file: string, name: string): Promise<Map<number, Found>> {
  const text = await new Promise<string>((resolve, reject) => {
    const options = { encoding: 'latin1', maxBuffer: 1 << 26 } as const;
    execFile('ssh-keygen', ['-l', '-F', name, '-f', file], options, (error, stdout, stderr) => {
      // It exits with 1 when it finds nothing.
      if (error !== null && (error.code !== 1 || stderr !== '')) reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    });
  });
  const found = text.matchAll(/^# Host .* found: line (\d+) (CA|REVOKED)?\n.*? (SHA256:[A-Za-z0-9+/]{43})/gm);
  return new Map(
    [...found].map(([, number, mark, fingerprint = '']) => [
      Number(number),
      { marker: mark === 'CA' || mark === 'REVOKED' ? MARKERS[mark] : undefined, fingerprint },
    ]),
  );
}

/** What OpenSSH reads until version 10 and we read still. */
const isJudgeOld = Number(/OpenSSH_(\d+)/.exec(String(spawnSync('ssh', ['-V']).stderr))?.[1] ?? 0) < 10;
const isOfOld = (text: string) => !isJudgeOld && /\0|ssh-dss/.test(text);

function compare(
  lines: readonly string[],
  name: string,
  ours: readonly KnownHostsLine[],
  theirs: ReadonlyMap<number, Found>,
): void {
  const unseen = new Map(theirs);
  for (const { line: number, marker: mark, key, isCertificate } of ours) {
    const found = unseen.get(number);
    unseen.delete(number);
    const text = JSON.stringify(lines[number - 1]);
    if (found === undefined) {
      // A certificate that nobody signed makes us refuse more, not less.
      if (isCertificate || isOfOld(lines[number - 1] ?? '')) continue;
      throw new Error(`for ${name} we read line ${number}, which OpenSSH does not: ${text}`);
    }
    if (found.fingerprint !== fingerprintOf(key) || found.marker !== mark)
      throw new Error(`for ${name} we read another key or marker in line ${number} than OpenSSH: ${text}`);
  }
  for (const number of unseen.keys())
    throw new Error(
      `for ${name} we pass over line ${number}, which OpenSSH reads: ${JSON.stringify(lines[number - 1])}`,
    );
}

const PRESENTED = goodKeys.map(encode).filter((key) => parsePublicKey(key)?.isCertificate === false);

/** OpenSSH's check of a plain host key, from what it reads for both names; revocations count under both with us. */
function expected(key: Buffer, [named, bare]: readonly ReadonlyMap<number, Found>[]): string {
  const fingerprint = fingerprintOf(key);
  const of = (lines: ReadonlyMap<number, Found> | undefined, mark: Found['marker']) =>
    [...(lines?.values() ?? [])].filter((one) => one.marker === mark).map((one) => one.fingerprint);
  if ([...of(named, 'revoked'), ...of(bare, 'revoked')].includes(fingerprint)) return 'host-key-revoked';
  if (of(named, undefined).includes(fingerprint)) return 'accepted';
  if (of(named, undefined).length > 0) return 'host-key-changed';
  return of(bare, undefined).includes(fingerprint) ? 'accepted' : 'host-key-unknown';
}

/** Without certificates, which have the fingerprint of the key in them: what OpenSSH prints does not tell them apart. */
function withoutCertificates(
  theirs: ReadonlyMap<number, Found>,
  ours: readonly KnownHostsLine[],
): ReadonlyMap<number, Found> {
  const certified = new Set(
    ours
      .filter(({ isCertificate, marker: mark }) => isCertificate && mark === undefined)
      .map((one) => one.line),
  );
  return new Map(
    [...theirs].map(([number, found]) => [
      number,
      certified.has(number) ? { ...found, fingerprint: 'a certificate' } : found,
    ]),
  );
}

export const knownHosts = topic(
  'known-hosts',
  fc.array(line, { minLength: 1, maxLength: 40, size: 'max' }),
  async (lines, folder) => {
    const file = join(folder, 'known_hosts');
    const content = Buffer.from(lines.join('\n'), 'latin1');
    await writeFile(file, content);
    const theirs = await Promise.all(NAMES.map((name) => judge(file, name)));
    const destination = { user: 'me', host: HOST, port: PORT };
    const ours = NAMES.map((name) => parseKnownHosts(content, file, { names: [name] }));
    for (const [index, name] of NAMES.entries())
      compare(lines, name, ours[index] ?? [], theirs[index] ?? new Map());
    const known = lookUpHost(parseKnownHosts(content, file), HOST, PORT);
    // Certificates that only we read would make a difference to the safe side: then there is nothing to compare.
    const isComparable = ours.every((some, index) => some.every((one) => theirs[index]?.has(one.line)));
    if (isComparable) {
      const plain = theirs.map((some, index) => withoutCertificates(some, ours[index] ?? []));
      for (const key of PRESENTED) {
        const verdict = verifyHostKey(key, { destination, known });
        const found = verdict.accepted ? 'accepted' : verdict.error.code;
        if (found !== expected(key, plain))
          throw new Error(`the verdict is ${found}, by OpenSSH's reading it is ${expected(key, plain)}`);
      }
    }
    return lines.length;
  },
  { short: 40, long: 1_000 },
);

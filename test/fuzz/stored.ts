import fc from 'fast-check';
import { parse, YAMLParseError } from 'yaml';
import { matchesPatternList, matchesWildcards } from '../../tunnel/wildcards.js';
import { parseDeployment, serialiseDeployment } from '../../world/deploys/deployment.js';
import { parseConfig, parseDuration, parseManifest } from '../../world/deploys/manifest.js';
import { Listings } from '../../world/fs/listings.js';
import { decodeEntries, decodeSuperblock, TreeEncoder } from '../../world/fs/tree-codec.js';
import { WorldError } from '../../world/index.js';
import { parseResourceKey, resourceKey } from '../../world/resources/keys.js';
import { candidateKey, decisionKey, parseHosts, parseSchedulerKey } from '../../world/scheduler/keys.js';
import { parseOptions, serialiseOptions } from '../../world/scheduler/options.js';
import { mutated } from './public-keys.js';
import { refusesWith, topic } from './topic.js';

/** Any JSON, and JSON with keys that mean something here. */
function json(...keys: readonly string[]): fc.Arbitrary<unknown> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        -1,
        1e308,
        '',
        'a',
        '/',
        '..',
        '5s',
        'a'.repeat(64),
        [],
        {},
        '\u202e',
        '\ud800',
        '__proto__',
      ),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 3 })), tie('value'), {
        maxKeys: 6,
      }),
    ),
  }));
  return value;
}

const same = (one: unknown, other: unknown, what: string) => {
  if (JSON.stringify(one) !== JSON.stringify(other))
    throw new Error(`${what}: ${JSON.stringify(one)} came back as ${JSON.stringify(other)}`);
};

const MANIFEST_KEYS = [
  'name',
  'run',
  'env',
  'health',
  'http',
  'tcp',
  'exec',
  'timeout',
  'interval',
  'seeds',
  'tls',
  'ssh-url',
  'transport',
  'hosts',
];
const manifest = json(...MANIFEST_KEYS);
const yaml = fc.oneof(
  manifest.map((value) => JSON.stringify(value)),
  fc
    .array(
      fc.constantFrom(
        ...MANIFEST_KEYS,
        ': ',
        '\n',
        '  ',
        '- ',
        '&a ',
        '*a',
        '<<: ',
        '!!x ',
        '|',
        '"',
        '{',
        '}',
        '[',
        ']',
        '5s',
        '# ',
        '---\n',
        '\t',
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join('')),
);

export const manifests = topic('manifests', mutated(yaml), (text) => {
  const value: unknown = refusesWith([YAMLParseError, ReferenceError], () =>
    parse(text, { logLevel: 'silent' }),
  );
  for (const result of [parseManifest(value), parseConfig(value)])
    if ('problems' in result && result.problems.length === 0)
      throw new Error('it is refused without a reason');
  return 2;
});

const deployment = json(
  'hawser',
  'name',
  'message',
  'author',
  'createdAt',
  'tree',
  'noop',
  'hosts',
  'manifest',
  'run',
  'env',
  'health',
  'kind',
);
const wholeDeployment = fc.record({
  hawser: fc.constant(1),
  name: fc.string(),
  message: fc.string(),
  author: fc.string(),
  createdAt: fc.string(),
  tree: fc.constant('0'.repeat(64)),
  noop: fc.boolean(),
  hosts: fc.array(fc.string()),
  manifest: fc.record({ name: fc.string() }),
});

export const deployments = topic(
  'deployments',
  mutated(
    fc.oneof(deployment, wholeDeployment).map((value) => JSON.stringify(value) ?? ''),
    1,
  ),
  (text) => {
    const found = parseDeployment(text);
    if (found !== undefined) same(parseDeployment(serialiseDeployment(found)), found, 'a deployment');
    return 1;
  },
);

const TREE_KEYS = [
  'version',
  'root',
  'name',
  'type',
  'mode',
  'mtimeMs',
  'sizeBytes',
  'blocks',
  'target',
  'entries',
  'entriesIn',
];
const treeName = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('a', 'b', '..', '.', '', 'a/b', 'a\0', '__proto__'),
);
const blocks = fc.array(fc.tuple(fc.constant('0'.repeat(64)), fc.nat(9)), { maxLength: 2 });
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      name: treeName,
      type: fc.constant('file'),
      mode: fc.nat(0o7777),
      sizeBytes: fc.nat(9),
      blocks,
    }),
    blocks.chain((refs) =>
      fc.record({
        name: treeName,
        type: fc.constant('file'),
        mode: fc.nat(0o7777),
        sizeBytes: fc.constant(refs.reduce((sum, [, length]) => sum + length, 0)),
        blocks: fc.constant(refs),
      }),
    ),
    fc.record({ name: treeName, type: fc.constant('symlink'), target: fc.string() }),
    fc.record({
      name: treeName,
      type: fc.constant('directory'),
      mode: fc.nat(0o7777),
      entries: fc.array(tie('node'), { maxLength: 3 }),
    }),
  ),
}));
const superblock = fc
  .array(node, { maxLength: 4 })
  .map((entries) => ({ version: 2, root: { type: 'directory', mode: 0o755, entries } }));

export const trees = topic(
  'trees',
  mutated(
    fc.oneof(json(...TREE_KEYS), superblock).map((value) => JSON.stringify(value) ?? ''),
    1,
  ),
  (text) => {
    refusesWith([WorldError], () => decodeEntries(text, '/key'));
    const root = refusesWith([WorldError], () => decodeSuperblock(text, '/key'));
    if (root === undefined) return 1;
    const encode = (tree: typeof root) => new TreeEncoder().encode(tree, new Listings()).superblock;
    const again = encode(root);
    same(encode(decodeSuperblock(again, '/key')), again, 'a tree');
    return 2;
  },
);

const part = fc.oneof(
  fc.constantFrom('', '*', 'h', 'h1', 'file', '..', ',', ' ', '\0', '\u202e', 'a/b', '%', '?', '='),
  fc.string({ maxLength: 5 }),
);
const key = fc
  .tuple(
    fc.constantFrom('/exported/', '/scheduler/hostname/', '/scheduler/schedule/', '/'),
    fc.array(part, { maxLength: 5 }),
  )
  .map(([prefix, parts]) => `${prefix}${parts.join('/')}`);

export const resources = topic('resources', key, (text) => {
  const found = parseResourceKey(text);
  if (found === undefined) return 1;
  const host = text.split('/')[2] ?? '';
  same(resourceKey(found.from, { ...found, host }), text, 'a resource');
  return 2;
});

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'strategy',
        'maxCount',
        'max_count',
        'persist',
        'sessionTTL',
        'hostsFilter',
        'spreadBy',
        'label',
        'capacity',
        'x',
      ),
      fc.constantFrom('=', '', '=='),
      part,
    ),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.map((pair) => pair.join('')).join('&'));

export const schedules = topic(
  'schedules',
  fc.tuple(fc.oneof(key, query), mutated(query)),
  ([text, options]) => {
    const found = parseSchedulerKey(text);
    if (found.kind === 'candidate') same(candidateKey(found.hostname, found.namespace), text, 'a candidate');
    if (found.kind === 'decision') same(decisionKey(found.namespace), text, 'a decision');
    const hosts = parseHosts(text);
    same(parseHosts(hosts.join(',')), hosts, 'a decision');
    const read = refusesWith([WorldError], () => parseOptions(options));
    if (read !== undefined) same(parseOptions(serialiseOptions(read)), read, 'options');
    return 3;
  },
);

const durationText = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '9',
      '.',
      '-',
      '+',
      'e',
      'ms',
      's',
      'm',
      'h',
      ' ',
      '\n',
      '٣',
      'Infinity',
      '999999999',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

export const durations = topic('durations', durationText, (text) => {
  const ms = parseDuration(text);
  if (ms === undefined) return 1;
  if (!Number.isSafeInteger(ms) || ms < 0) throw new Error(`${ms} ms`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[/[a-z]+$/.exec(text)?.[0] ?? ''] ?? Number.NaN;
  if (Math.abs(Number.parseFloat(text) * unit - ms) > 0.5001) throw new Error(`${text} is not ${ms} ms`);
  return 2;
});

const wildcard = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '[', '!', ','), maxLength: 14 });
const plain = fc.string({ unit: fc.constantFrom('a', 'b', '[', '!'), maxLength: 14 });

/** By dynamic programming: all ways at once. */
function matchesByTable(pattern: string, text: string): boolean {
  let row = [true, ...Array.from(text, () => false)];
  for (const wanted of pattern) {
    const next = [wanted === '*' && row[0] === true];
    for (let at = 1; at <= text.length; at += 1) {
      const isOne = (wanted === '?' || wanted === text[at - 1]) && row[at - 1] === true;
      next.push(wanted === '*' ? row[at] === true || next[at - 1] === true : isOne);
    }
    row = next;
  }
  return row.at(-1) === true;
}

export const patterns = topic('patterns', fc.tuple(wildcard, plain), ([pattern, text]) => {
  if (matchesWildcards(pattern, text) !== matchesByTable(pattern, text))
    throw new Error('the matchers differ');
  const elements = pattern.split(',');
  const hit = (negated: boolean) =>
    elements.some(
      (one) => one.startsWith('!') === negated && matchesByTable(negated ? one.slice(1) : one, text),
    );
  const isEmptyAtEnd = text === '' && elements.at(-1) === '';
  if (!isEmptyAtEnd && matchesPatternList(pattern, text) !== (hit(false) && !hit(true)))
    throw new Error('the lists differ');
  matchesWildcards(`${'a*'.repeat(300)}b`, text.repeat(20));
  return 2;
});

import fc from 'fast-check';
import { parseDeployment, serialiseDeployment } from '../../world/deploys/deploy-payload.js';
import { FetchedListings } from '../../world/fs/tree/fetched-listings.js';
import { decodeEntries, decodeSuperblock, TreeEncoder } from '../../world/fs/tree/tree-codec.js';
import { WorldError } from '../../world/index.js';
import { parseResourceKey, resourceKey } from '../../world/resources/resource-keys.js';
import { parseOptions, serialiseOptions } from '../../world/scheduler/schedule-options.js';
import {
  candidateKey,
  decisionKey,
  parseHosts,
  parseSchedulerKey,
} from '../../world/scheduler/scheduler-keys.js';
import { json, same } from './json.js';
import { mutated } from './mutated.js';
import { refusesWith, topic } from './topic.js';

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
    const encode = (tree: typeof root) => new TreeEncoder().encode(tree, new FetchedListings()).superblock;
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

import fc from 'fast-check';
import { stringify } from 'yaml';
import { CliError } from '../../cli/errors.js';
import type { Fleet } from '../../cli/fleet/file/fleet.js';
import { formatFleetFile } from '../../cli/fleet/file/format-fleet-file.js';
import { parseFleetFile } from '../../cli/fleet/file/parse-fleet-file.js';
import { ed25519Key, rsaKey } from '../tunnel/helpers/host-keys.js';
import { json, same } from './json.js';
import { mutated } from './mutated.js';
import { keyText } from './public-keys.js';
import { refusesWith, topic } from './topic.js';

const file = '/home/ann/.config/hawser/fleets/prod.yaml';
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aZ09._-'), minLength: 1, maxLength: 6 }),
  fc.constantFrom(
    'all',
    'true',
    'null',
    '1e3',
    '0x1',
    '~',
    '2024-01-01',
    '__proto__',
    'constructor',
    '<<',
    '*a',
    '# b',
  ),
);
const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(ed25519Key(1).text, ed25519Key(2).text, rsaKey(1).text) },
  { weight: 1, arbitrary: keyText },
);
const host = fc.record(
  {
    ssh: fc.oneof(
      word,
      fc.tuple(word, word).map(([user, name]) => `${user}@${name}:22`),
    ),
    'host-key': fc.oneof(key, fc.array(key, { maxLength: 2 })),
    jump: word,
    address: fc.oneof(fc.ipV4(), fc.ipV6(), word),
    user: word,
    sudo: fc.boolean(),
    labels: fc.dictionary(word, fc.oneof(word, fc.integer(), fc.boolean()), { maxKeys: 3 }),
  },
  { requiredKeys: ['ssh'] },
);
const fleet = fc.record(
  {
    name: fc.constantFrom('prod', '1', 'null'),
    namespace: fc.constantFrom('/_mgmt', '', '~'),
    'cluster-size': fc.integer({ min: 0, max: 9 }),
    hosts: fc.dictionary(word, host, { maxKeys: 4 }),
    'known-hosts': fc.array(
      key.map((text) => `bastion ${text}`),
      { maxLength: 2 },
    ),
    seeds: word,
  },
  { requiredKeys: [] },
);
const text = fc.oneof(
  fleet.map((value) => stringify(value)),
  mutated(fleet.map((value) => stringify(value))),
  mutated(
    json('hosts', 'name', 'ssh', 'labels', 'host-key', 'known-hosts').map((value) => JSON.stringify(value)),
  ),
);

/** What is written of a fleet reads as the same fleet, in its old file and in a new one. */
export const fleetFiles = topic('fleet-files', text, (content) => {
  const found = refusesWith([CliError], () => parseFleetFile(content, file))?.fleet;
  if (found === undefined) return 1;
  const [first, ...others] = found.hosts;
  const renamed = first === undefined ? [] : [{ ...first, name: 'renamed', labels: { role: 'web' } }];
  const { clusterSize: _, ...rest } = found;
  const next: Fleet = { ...rest, hosts: [...others, ...renamed] };
  for (const wanted of [found, next]) {
    for (const before of [content, '']) {
      const written = parseFleetFile(formatFleetFile(wanted, before, found), file).fleet;
      same(sorted(written), sorted(wanted), before === '' ? 'a new file' : 'the old file');
    }
  }
  return 5;
});

/** Keys that are numbers come first in any mapping. */
function sorted({ hosts, ...rest }: Fleet) {
  const byName = [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = (values: object) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return [entries(rest), byName.map(({ labels, ...host }) => [entries(labels), entries(host)])];
}

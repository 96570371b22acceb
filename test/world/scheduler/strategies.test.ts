import test from 'ava';
import fc from 'fast-check';
import { WorldError } from '../../../world/index.js';
import { decideSchedule } from '../../../world/scheduler/decide-schedule.js';
import { toStoredOptions } from '../../../world/scheduler/schedule-options.js';
import type { Candidate, Strategy } from '../../../world/scheduler/strategy.js';
import { StrategyRegistry } from '../../../world/scheduler/strategy-registry.js';

interface Situation {
  readonly options: { strategy: string; maxCount: number; hostsFilter: string[] };
  readonly entries: { hostname: string; capacity: number | undefined; zone: string }[];
  readonly last: string[];
}

const hostnames = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const options = fc.record({
  strategy: fc.constantFrom('rr', 'alpha', 'spread', 'capacity'),
  maxCount: fc.integer({ min: 0, max: 8 }),
  hostsFilter: fc.oneof(fc.constant<string[]>([]), fc.subarray(hostnames, { minLength: 1 })),
});
const entries = fc.uniqueArray(
  fc.record({
    hostname: fc.constantFrom(...hostnames),
    capacity: fc.option(fc.constantFrom(0, 1, 1.1, 2, 8), { nil: undefined }),
    zone: fc.constantFrom('', 'north', 'south'),
  }),
  { selector: ({ hostname }) => hostname },
);
const situation: fc.Arbitrary<Situation> = fc.record({
  options,
  entries,
  last: fc.subarray([...hostnames, 'gone']),
});

function schedule({ options: shared, entries: hosts, last }: Situation) {
  const candidates = hosts.map(({ hostname, capacity, zone }, index) => {
    const stored = toStoredOptions({
      ...shared,
      ...(capacity === undefined ? {} : { capacity }),
      labels: zone === '' ? {} : { zone },
    });
    return { hostname, since: BigInt(index), writtenAt: BigInt(index), options: stored };
  });
  return {
    namespace: 'job',
    candidates: new Map(candidates.map((candidate) => [candidate.hostname, candidate])),
    decided: last,
    stored: last.join(),
  };
}

test('each strategy chooses as many candidates as it may, of those that the filter lets through', (t) => {
  const strategies = new StrategyRegistry();
  fc.assert(
    fc.property(situation, (given) => {
      const { hosts, problem } = decideSchedule(schedule(given), strategies);
      const { maxCount, hostsFilter, strategy } = given.options;
      const eligible = given.entries
        .filter(({ hostname }) => hostsFilter.length === 0 || hostsFilter.includes(hostname))
        .filter(({ capacity }) => strategy !== 'capacity' || capacity !== 0)
        .map(({ hostname }) => hostname);
      const count = Math.min(maxCount === 0 ? Infinity : maxCount, eligible.length);
      return (
        problem === undefined &&
        hosts.length === count &&
        hosts.every((host) => eligible.includes(host)) &&
        hosts.join() === [...hosts].sort().join()
      );
    }),
  );
  t.pass();
});

test('a decision is the same for the same situation in any order, and holds when it is made again', (t) => {
  const strategies = new StrategyRegistry();
  fc.assert(
    fc.property(situation, (given) => {
      const first = schedule(given);
      const { hosts } = decideSchedule(first, strategies);
      const reversed = new Map([...first.candidates].reverse());
      const same = decideSchedule({ ...first, candidates: reversed }, strategies).hosts;
      const again = decideSchedule({ ...first, decided: hosts }, strategies).hosts;
      return same.join() === hosts.join() && again.join() === hosts.join();
    }),
  );
  t.pass();
});

test('rr and spread replace nobody whom they need not', (t) => {
  const strategies = new StrategyRegistry();
  fc.assert(
    fc.property(situation, (given) => {
      const rr = { ...given, options: { ...given.options, strategy: 'rr' } };
      const { hosts } = decideSchedule(schedule(rr), strategies);
      const { maxCount, hostsFilter } = given.options;
      const kept = given.last.filter(
        (host) =>
          given.entries.some(({ hostname }) => hostname === host) &&
          (hostsFilter.length === 0 || hostsFilter.includes(host)),
      );
      const most = Math.min(maxCount === 0 ? Infinity : maxCount, kept.length);
      return hosts.filter((host) => kept.includes(host)).length === most;
    }),
  );
  fc.assert(
    fc.property(situation, (given) => {
      const spread = { ...given, options: { ...given.options, strategy: 'spread', hostsFilter: [] } };
      const { hosts } = decideSchedule(schedule(spread), strategies);
      const counts = ['', 'north', 'south'].map((zone) => {
        const members = given.entries.filter((entry) => entry.zone === zone);
        const chosen = members.filter(({ hostname }) => hosts.includes(hostname)).length;
        return { chosen, full: chosen === members.length };
      });
      const most = Math.max(...counts.map(({ chosen }) => chosen));
      return counts.every(({ chosen, full }) => full || chosen >= most - 1);
    }),
  );
  t.pass();
});

const examples: [string, Parameters<typeof toStoredOptions>[0][], string[], string][] = [
  [
    'rr gives a free place to whoever waited longest',
    [{}, {}, {}].map(() => ({ maxCount: 2 })),
    ['b'],
    'a,b',
  ],
  [
    'alpha moves to the first of the alphabet',
    [
      { strategy: 'alpha', maxCount: 1 },
      { strategy: 'alpha', maxCount: 1 },
    ],
    ['b'],
    'a',
  ],
  [
    'spread takes a second zone rather than a second host of the first, though both were chosen',
    ['x', 'x', 'y'].map((zone) => ({ strategy: 'spread', maxCount: 2, labels: { zone } })),
    ['a', 'b'],
    'a,c',
  ],
  [
    'spread spreads over the label that is asked for',
    ['x', 'x', 'y'].map((rack) => ({
      strategy: 'spread',
      maxCount: 2,
      spreadBy: 'rack',
      labels: { rack, zone: 'z' },
    })),
    [],
    'a,c',
  ],
  [
    'capacity leaves a host in place while another has little more',
    [10, 12].map((capacity) => ({ strategy: 'capacity', maxCount: 1, capacity })),
    ['a'],
    'a',
  ],
  [
    'capacity moves to a host that has much more',
    [10, 13].map((capacity) => ({ strategy: 'capacity', maxCount: 1, capacity })),
    ['a'],
    'b',
  ],
  [
    'the options that were given last count for all',
    [{ maxCount: 1 }, { maxCount: 0, strategy: 'rr' }],
    [],
    'a,b',
  ],
];

for (const [title, given, decided, expected] of examples) {
  test(title, (t) => {
    const candidates = given.map((candidate, index) => {
      const at = BigInt(index);
      const hostname = hostnames[index] ?? '';
      return [hostname, { hostname, since: at, writtenAt: at, options: toStoredOptions(candidate) }] as const;
    });
    const stands = { namespace: 'job', candidates: new Map(candidates), decided, stored: decided.join() };
    t.is(decideSchedule(stands, new StrategyRegistry()).hosts.join(), expected);
  });
}

test('a strategy that is unknown or goes wrong keeps what holds of the last decision, and says why', (t) => {
  const given: Situation = {
    options: { strategy: 'rr', maxCount: 2, hostsFilter: [] },
    entries: hostnames.map((hostname) => ({ hostname, capacity: undefined, zone: '' })),
    last: ['c', 'gone', 'b', 'd'],
  };
  const wrong: [string, Strategy][] = [
    ['stranger', () => ['nobody']],
    ['twice', () => ['a', 'a']],
    ['many', () => ['a', 'b', 'c']],
    [
      'failed: Error: broken',
      () => {
        throw new Error('broken');
      },
    ],
  ];
  const strategies = new StrategyRegistry();
  for (const [name, strategy] of wrong) strategies.register(name, strategy);
  const base = schedule(given);
  for (const name of [...wrong.map(([known]) => known), 'unheard-of']) {
    const candidates = new Map(
      [...base.candidates].map(([host, candidate]) => [
        host,
        { ...candidate, options: { ...candidate.options, strategy: name } },
      ]),
    );
    const { hosts, problem } = decideSchedule({ ...base, candidates }, strategies);
    t.deepEqual(hosts, ['b', 'c'], name);
    t.truthy(problem);
  }
});

test('a strategy can be registered once, and those that there are are named to who asks for another', (t) => {
  const strategies = new StrategyRegistry();
  const mine: Strategy = ({ candidates }) => candidates.map(({ hostname }: Candidate) => hostname);
  strategies.register('mine', mine);
  t.is(strategies.get('mine'), mine);
  t.throws(() => strategies.register('mine', mine), { instanceOf: WorldError, code: 'conflict' });
  t.throws(() => strategies.register('', mine), { instanceOf: WorldError, code: 'invalid' });
  t.throws(() => strategies.check('yours'), {
    code: 'invalid',
    message: /rr, alpha, spread, capacity, mine/,
  });
});

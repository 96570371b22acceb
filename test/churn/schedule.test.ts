import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from './random.js';
import { planSchedule, type Step } from './schedule.js';

const plan = (seed: number, canCut = true): Step[] =>
  planSchedule({ seed, hosts: 7, durationMs: 300_000, canCut });

test('a seed gives the same schedule each time, and another seed another one', (t) => {
  t.deepEqual(plan(7), plan(7));
  t.notDeepEqual(plan(7), plan(8));
});

test('only what is possible happens to a host, once a second, and no host is told to be its own seed', (t) => {
  const before = {
    up: ['stop', 'kill', 'freeze', 'cut', 'part'],
    down: ['start'],
    frozen: ['thaw'],
    cut: ['heal'],
  };
  const after: Record<string, keyof typeof before> = {
    ...{ start: 'up', thaw: 'up', heal: 'up' },
    ...{ stop: 'down', kill: 'down', freeze: 'frozen', cut: 'cut', part: 'cut' },
  };
  const property = fc.property(fc.nat(), (seed) => {
    const conditions = new Map<number, keyof typeof before>();
    const actions = plan(seed).flatMap((step) =>
      'host' in step && step.action.kind !== 'lose' ? [step] : [],
    );
    return actions.every(({ host, action, atMs }, index) => {
      const isPossible = before[conditions.get(host) ?? 'up'].includes(action.kind);
      conditions.set(host, after[action.kind] ?? 'up');
      const others = action.kind !== 'start' || (action.seeds.length === 6 && !action.seeds.includes(host));
      return isPossible && others && atMs === index * 1_000;
    });
  });
  t.notThrows(() => fc.assert(property, { numRuns: 50 }));
});

test('sizes are from 1 to 5, and where hosts cannot be cut off none is', (t) => {
  const sizes = new Set(plan(1).flatMap((step) => ('size' in step ? [step.size] : [])));
  t.deepEqual([...sizes].sort(), [1, 2, 3, 4, 5]);
  const kinds = (canCut: boolean) =>
    new Set(plan(1, canCut).flatMap((step) => ('host' in step ? [step.action.kind] : [])));
  t.true(kinds(true).has('cut') && kinds(true).has('part'));
  t.deepEqual([...kinds(false)].sort(), ['freeze', 'kill', 'lose', 'start', 'stop', 'thaw']);
});

test('data is lost once in each way, by the founder when another has its place', (t) => {
  const lost = plan(5).flatMap((step) => ('host' in step && step.action.kind === 'lose' ? [step] : []));
  t.deepEqual(
    lost.map(({ action }) => (action.kind === 'lose' ? action.back : '')),
    ['replaced', 'at once', 'later'],
  );
  t.is(lost[0]?.host, 0);
  t.true(lost.slice(1).every(({ host }) => host > 0));
});

test('what is drawn is spread evenly, and a shuffle keeps everything', (t) => {
  const random = seededRandom(3);
  const counts = Array.from({ length: 7 }, () => 0);
  for (let draw = 0; draw < 7_000; draw += 1) {
    const drawn = random.below(7);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  t.true(counts.every((count) => count > 850 && count < 1_150));
  t.deepEqual(random.shuffled([1, 2, 3, 4]).sort(), [1, 2, 3, 4]);
});

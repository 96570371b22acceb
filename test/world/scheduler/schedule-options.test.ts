import test from 'ava';
import fc from 'fast-check';
import { WorldError } from '../../../world/index.js';
import {
  parseOptions,
  type StoredOptions,
  serialiseOptions,
  toStoredOptions,
} from '../../../world/scheduler/schedule-options.js';
import { WatchedSchedules } from '../../../world/scheduler/watched-schedules.js';

test('options are read back as they were stored', (t) => {
  const text = fc.string({ unit: 'grapheme' });
  const name = text.filter((value) => value !== '' && !value.includes('='));
  const stored: fc.Arbitrary<StoredOptions> = fc.record({
    strategy: name,
    maxCount: fc.nat(1000),
    persist: fc.boolean(),
    sessionTtlSeconds: fc.integer({ min: 1, max: 100_000 }),
    hostsFilter: fc.array(name),
    spreadBy: name,
    labels: fc.dictionary(name, text, { noNullPrototype: true }),
    capacity: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  });
  fc.assert(
    fc.property(stored, (value) => {
      t.deepEqual({ ...parseOptions(serialiseOptions(value)) }, { ...value, capacity: value.capacity });
    }),
  );
});

test('options that mgmt wrote are read as mgmt reads them, and bad ones are refused by name', (t) => {
  const written = 'hostsFilter=a&hostsFilter=b&maxCount=2&persist=T&sessionTTL=30&strategy=alpha';
  t.like(parseOptions(written), {
    strategy: 'alpha',
    maxCount: 2,
    persist: true,
    sessionTtlSeconds: 30,
    hostsFilter: ['a', 'b'],
  });
  t.like(parseOptions(''), { strategy: 'rr', maxCount: 1, persist: false, sessionTtlSeconds: 10 });
  t.is(parseOptions(serialiseOptions(toStoredOptions({}))).maxCount, 0);
  t.regex(serialiseOptions(toStoredOptions({})), /maxCount=2147483647/);
  for (const bad of ['maxCount=many', 'sessionTTL=1e3', 'persist=perhaps', 'capacity=', 'capacity=-1'])
    t.throws(() => parseOptions(bad), {
      instanceOf: WorldError,
      message: new RegExp(bad.split('=')[0] ?? ''),
    });
});

test('a board that is kept up to date by events is the one that is read anew', (t) => {
  const key = fc.oneof(
    fc
      .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y'))
      .map(([h, n]) => `/scheduler/hostname/${h}/${n}`),
    fc.constantFrom('x', 'y').map((namespace) => `/scheduler/schedule/${namespace}`),
  );
  const value = fc.constantFrom('maxCount=1', 'maxCount=bad', 'a', 'b,a', '');
  const change = fc.record({ type: fc.constantFrom('put' as const, 'delete' as const), key, value });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const store = new Map<string, ReturnType<typeof entryOf>>();
      const live = new WatchedSchedules(undefined);
      for (const [index, { type, key: at, value: text }] of changes.entries()) {
        const entry = entryOf(
          at,
          type === 'put' ? text : '',
          BigInt(index + 1),
          store.get(at)?.createRevision,
        );
        if (type === 'put') store.set(at, entry);
        else store.delete(at);
        live.apply([{ type, entry }]);
        if (index % 3 === 0) live.takeChanged();
      }
      live.takeChanged();
      const anew = new WatchedSchedules(undefined);
      anew.reset([...store.values()]);
      const shown = ({ all }: WatchedSchedules) =>
        all
          .filter(({ candidates, stored }) => candidates.size > 0 || stored !== undefined)
          .map(({ namespace, candidates, decided, stored }) => ({
            namespace,
            decided,
            stored,
            candidates: [...candidates.values()].sort((a, b) => (a.hostname < b.hostname ? -1 : 1)),
          }));
      t.deepEqual(shown(live), shown(anew));
    }),
  );
});

function entryOf(key: string, text: string, revision: bigint, created = revision) {
  const value = Buffer.from(text);
  return { key, value, createRevision: created, modRevision: revision, version: 1n, lease: '0' };
}

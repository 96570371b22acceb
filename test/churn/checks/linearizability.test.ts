import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '../random.js';
import type { Effect, Operation } from './history.js';
import { checkRegister } from './linearizability.js';
import { settleUnknown } from './settle-unknown.js';

const NEVER = Number.POSITIVE_INFINITY;
const put = (value: string): Effect => ({ kind: 'put', value });
const read = (found?: string): Effect => ({ kind: 'read', found });
const swap = (from: string, to: string): Effect => ({ kind: 'swap', from, to });
const noSwap = (from: string, found?: string): Effect => ({ kind: 'no-swap', from, found });
const gone: Effect = { kind: 'delete' };

const during = (invoked: number, completed: number, effect: Effect): Operation => ({
  process: 0,
  effect,
  invoked,
  completed,
});

const isLinearizable = (...operations: Operation[]): boolean => checkRegister(operations).linearizable;

test('operations one after the other are linearizable if each sees what the one before left', (t) => {
  t.true(isLinearizable());
  t.true(isLinearizable(during(1, 2, read()), during(3, 4, put('a')), during(5, 6, read('a'))));
  t.true(isLinearizable(during(1, 2, put('a')), during(3, 4, swap('a', 'b')), during(5, 6, read('b'))));
  t.true(isLinearizable(during(1, 2, put('a')), during(3, 4, gone), during(5, 6, noSwap('a'))));
});

test('a value that was overwritten, deleted or never written must not be seen', (t) => {
  t.false(isLinearizable(during(1, 2, read('a'))));
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, put('b')), during(5, 6, read('a'))));
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, gone), during(5, 6, read('a'))));
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, read())), 'an acknowledged write is lost');
  t.false(isLinearizable(during(1, 2, read('a')), during(3, 4, put('a'))), 'seen before it was written');
});

test('a comparison must find what it says that it found', (t) => {
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, swap('b', 'c'))));
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, noSwap('a', 'a'))));
  t.false(isLinearizable(during(1, 2, put('a')), during(3, 4, noSwap('b', 'c'))));
  t.false(
    isLinearizable(during(1, 2, put('a')), during(3, 6, swap('a', 'b')), during(4, 5, swap('a', 'c'))),
    'two found the same value and replaced it',
  );
});

test('operations at the same time may take effect in either order, but in the same for everybody', (t) => {
  const [first, second] = [during(1, 10, put('a')), during(2, 11, put('b'))];
  t.true(isLinearizable(first, second, during(3, 4, read('a')), during(5, 6, read('b'))));
  t.true(isLinearizable(first, second, during(3, 4, read('b')), during(5, 6, read('a'))));
  const backAgain = [during(3, 4, read('a')), during(5, 6, read('b')), during(7, 8, read('a'))];
  t.false(isLinearizable(first, second, ...backAgain));
});

test('an operation with an unknown outcome may take effect late, or never, but not twice', (t) => {
  const lost = during(1, NEVER, put('a'));
  t.true(isLinearizable(lost, during(2, 3, read())));
  t.true(isLinearizable(lost, during(2, 3, read()), during(4, 5, put('b')), during(6, 7, read('a'))));
  const twice = [during(2, 3, read('a')), during(4, 5, put('b')), during(6, 7, read('a'))];
  t.false(isLinearizable(lost, ...twice));
  const deletions = [during(2, 3, read()), during(4, 5, put('b')), during(6, 7, read())];
  t.false(isLinearizable(during(0, NEVER, gone), during(1, 1.5, put('a')), ...deletions));
});

test('a refusal names the operation that nothing explains and what the register could have held', (t) => {
  const stale = during(5, 6, read('a'));
  const verdict = checkRegister([during(1, 2, put('a')), during(3, 4, put('b')), stale]);
  t.like(verdict, { linearizable: false, at: stale, possible: ['b'] });
});

test('a value that somebody saw was written before, and one that nobody saw needs no explanation', (t) => {
  const seen = during(1, NEVER, put('a'));
  const base = during(2, NEVER, put('b'));
  const swapped = during(3, NEVER, swap('b', 'c'));
  const unseen = during(4, NEVER, put('d'));
  const reads = [during(5, 6, read('a')), during(7, 8, read('c'))];
  t.deepEqual(settleUnknown([seen, base, swapped, unseen, ...reads]), [
    { ...seen, completed: 6 },
    { ...base, completed: 8 },
    { ...swapped, completed: 8 },
    ...reads,
  ]);
  t.throws(() => settleUnknown([seen, seen]), { instanceOf: RangeError });
});

/** Tries all orders: slow and plain. */
function isLinearizableByForce(operations: readonly Operation[], value?: string): boolean {
  if (operations.every(({ completed }) => completed === NEVER)) return true;
  return operations.some((operation) => {
    const rest = operations.filter((other) => other !== operation);
    if (rest.some((other) => other.completed < operation.invoked)) return false;
    const { effect } = operation;
    if (effect.kind === 'read' && effect.found !== value) return false;
    if (effect.kind === 'swap' && effect.from !== value) return false;
    if (effect.kind === 'no-swap' && (effect.found !== value || effect.from === value)) return false;
    const after = { put: () => (effect.kind === 'put' ? effect.value : value), delete: () => undefined };
    if (effect.kind === 'put' || effect.kind === 'delete')
      return isLinearizableByForce(rest, after[effect.kind]());
    return isLinearizableByForce(rest, effect.kind === 'swap' ? effect.to : value);
  });
}

const value = fc.constantFrom('a', 'b');
const found = fc.option(value, { nil: undefined });
const anyEffect = fc.oneof(
  value.map(put),
  found.map(read),
  fc.constant(gone),
  fc.tuple(value, value).map(([from, to]) => swap(from, to)),
  fc.tuple(value, found).map(([from, seen]) => noSwap(from, seen)),
);

/** Up to six operations with beginnings and ends in any order; some never end. */
function histories(effects: fc.Arbitrary<Effect[]>): fc.Arbitrary<Operation[]> {
  return effects.chain((list) => {
    const moments = fc.shuffledSubarray([...Array(list.length * 2).keys()], { minLength: list.length * 2 });
    const ends = fc.array(fc.boolean(), { minLength: list.length, maxLength: list.length });
    return fc.tuple(moments, ends).map(([times, known]) =>
      list.map((effect, index) => {
        const [one = 0, two = 0] = times.slice(index * 2, index * 2 + 2);
        const isSure = effect.kind === 'read' || effect.kind === 'no-swap' || known[index] === true;
        return during(Math.min(one, two), isSure ? Math.max(one, two) : NEVER, effect);
      }),
    );
  });
}

test('it judges as trying all orders does', (t) => {
  const judged = { true: 0, false: 0 };
  const property = fc.property(histories(fc.array(anyEffect, { maxLength: 6 })), (history) => {
    const expected = isLinearizableByForce(history);
    judged[`${expected}`] += 1;
    return checkRegister(history).linearizable === expected;
  });
  fc.assert(property, { numRuns: 1_500 });
  t.true(judged.true > 200 && judged.false > 200, 'both kinds were judged');
});

const uniqueEffects = fc
  .array(fc.tuple(fc.constantFrom('put', 'read', 'delete', 'swap', 'no-swap'), fc.nat(5)), { maxLength: 6 })
  .map((kinds) =>
    kinds.map(([kind, other], index): Effect => {
      if (kind === 'put') return put(`v${index}`);
      if (kind === 'swap') return swap(`v${other}`, `v${index}`);
      if (kind === 'no-swap') return noSwap(`v${index}`, other === 5 ? undefined : `v${other}`);
      return kind === 'read' ? read(other === 5 ? undefined : `v${other}`) : gone;
    }),
  );

test('deciding about unknown outcomes first changes no verdict', (t) => {
  const property = fc.property(histories(uniqueEffects), (history) => {
    return checkRegister(settleUnknown(history)).linearizable === isLinearizableByForce(history);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1_500 }));
});

/** What six processes do to a true register that loses the answer to one change in thirty. */
function longHistory(length: number): Operation[] {
  const random = seededRandom(1);
  const open: Operation[] = [];
  const ended: Operation[] = [];
  let held: string | undefined;
  let now = 0;
  const tick = (): number => {
    now += 1;
    return now;
  };
  for (let index = 0; index < length; index += 1) {
    const effect = random.weighted([
      [put(`v${index}`), 3],
      [read(held), 4],
      [held === undefined ? read() : swap(held, `v${index}`), 2],
      [gone, 1],
    ]);
    if (effect.kind === 'put') held = effect.value;
    if (effect.kind === 'swap') held = effect.to;
    if (effect.kind === 'delete') held = undefined;
    const isLost = effect.kind !== 'read' && random.below(30) === 0;
    (isLost ? ended : open).push(during(tick(), NEVER, effect));
    if (open.length < 6) continue;
    ended.push(...open.splice(random.below(6), 1).map((one) => ({ ...one, completed: tick() })));
  }
  return [...ended, ...open.map((one) => ({ ...one, completed: tick() }))];
}

test('a long history is judged quickly, and a stale read at its end is found', (t) => {
  const history = settleUnknown(longHistory(1_000));
  t.true(checkRegister(history).linearizable);
  const seen = history.find(({ effect }) => effect.kind === 'read' && effect.found !== undefined);
  const stale = during(1e6, 1e6 + 1, seen?.effect ?? gone);
  t.false(checkRegister([...history, stale]).linearizable);
});

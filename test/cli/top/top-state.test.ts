import test from 'ava';
import { FIRST_STATE, reduceKey, type TopState } from '../../../cli/top/top-state.js';

const names = Array.from({ length: 25 }, (_, index) => `h${index}`);
const seen = { names, room: 10, mostScrolled: 4 };

/** What keys make of the first state, or of another. */
function after(keys: readonly string[], from: Partial<TopState> = {}): TopState {
  return keys.reduce((state, key) => reduceKey(state, key, seen), { ...FIRST_STATE, ...from });
}

const [up, down, pageUp, pageDown, home, end] = [
  ...['\u001b[A', '\u001b[B', '\u001b[5~', '\u001b[6~', '\u001b[H', '\u001b[F'],
] as [string, string, string, string, string, string];

test('keys move within the hosts, as each terminal sends them', (t) => {
  for (const [keys, expected] of [
    [[down], 'h1'],
    [['j', '\u001bOB'], 'h2'],
    [[down, 'k'], 'h0'],
    [[up], 'h0'],
    [[pageDown], 'h10'],
    [[pageDown, '\u0006', pageDown, pageDown], 'h24'],
    [[pageDown, pageUp, pageUp], 'h0'],
    [[end], 'h24'],
    [['G', home], 'h0'],
    [['\u001bOF', '\u001b[1~'], 'h0'],
    [['\u001b[4~', 'g', 'j'], 'h1'],
  ] as const)
    t.is(after(keys).selected, expected, JSON.stringify(keys));
  t.is(after([down, end], { selected: 'gone' }).selected, 'h24');
  t.is(reduceKey(FIRST_STATE, down, { ...seen, names: [] }).selected, undefined);
});

test('what is typed after / is the filter until Enter; Esc takes it away', (t) => {
  t.like(after(['/', 'w', 'q', 's', '=', 'é']), {
    filter: 'wqs=é',
    isFiltering: true,
    isLeaving: false,
    sort: 'name',
  });
  t.like(after(['/', 'a', 'b', '\u007f']), { filter: 'a' });
  t.like(after(['/', 'a', '\u0015', '\u007f']), { filter: '', isFiltering: true });
  t.like(after(['/', 'a', '\r']), { filter: 'a', isFiltering: false });
  t.like(after(['/', 'a', '\u001b']), { filter: '', isFiltering: false, isLeaving: false });
  t.like(after(['/', 'a', down]), { filter: 'a', isFiltering: false, selected: 'h1' });
  t.is(after(['/', ...Array.from({ length: 500 }, () => 'x')]).filter.length, 60);
  t.is(after(['/', '\u0001', '\t']).filter, '');
});

test('Esc goes back a step at a time, q leaves', (t) => {
  const deep = after(['/', 'h', '\r', down, '\r']);
  t.like(deep, { isOpen: true, filter: 'h', selected: 'h1' });
  t.like(after(['\u001b'], deep), { isOpen: false, filter: 'h', isLeaving: false });
  t.like(after(['\u001b', '\u001b'], deep), { filter: '', isLeaving: false });
  t.true(after(['\u001b', '\u001b', '\u001b'], deep).isLeaving);
  t.true(after(['q'], deep).isLeaving);
});

test('a host by itself scrolls, and the cursor stays', (t) => {
  t.like(after(['\r', 'j', 'j', '/', 's']), { scrolled: 2, selected: 'h0', isFiltering: false });
  t.is(after(['\r', pageDown]).scrolled, 4);
  t.is(after(['\r', end, 'k']).scrolled, 3);
  t.like(after(['\r', end, '\r', '\r']), { isOpen: true, scrolled: 0 });
  t.false(reduceKey(FIRST_STATE, '\r', { ...seen, names: [] }).isOpen);
});

test('s goes round the orders; other keys do nothing', (t) => {
  t.deepEqual(
    [['s'], ['s', 's'], ['s', 's', 's']].map((keys) => after(keys).sort),
    ['state', 'disk', 'name'],
  );
  t.deepEqual(after(['x', '\t', '\u001b[200~', '\u001b[1;5C']), FIRST_STATE);
});

import test from 'ava';
import { format, isMet } from './report.js';
import { median, percentile } from './statistics.js';

test.serial('A median is a value that was measured', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2);
  t.is(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99), 10);
  t.is(median([]), Number.NaN);
});

test.serial('What was not measured meets no target', (t) => {
  t.false(isMet({ what: 'x', got: Number.NaN, sense: 'at least', wanted: 1 }));
  t.false(isMet({ what: 'x', got: Number.NaN, sense: 'at most', wanted: 1 }));
});

test.serial('A topic is a table with a verdict on each target', (t) => {
  const text = format({
    title: 'Speed',
    columns: ['a', 'long'],
    rows: [
      { name: 'one', values: [1, undefined] },
      { name: 'other', values: [123.4, 12.34] },
    ],
    checks: [
      { what: 'one against other', got: 2, sense: 'at least', wanted: 1 },
      { what: 'other against one', got: 2, sense: 'at most', wanted: 1 },
    ],
    notes: ['measured by hand'],
  });
  t.is(
    text,
    [
      '',
      'Speed',
      '          a  long',
      'one    1.00     -',
      'other   123  12.3',
      '  met     one against other: 2.00 (at least 1)',
      '  MISSED  other against one: 2.00 (at most 1)',
      '  note: measured by hand',
      '',
    ].join('\n'),
  );
});

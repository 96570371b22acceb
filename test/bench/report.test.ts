import test from 'ava';
import { type Check, compare, format, isMet, isMissedForSure } from './report.js';
import { median, medianInterval, percentile } from './statistics.js';

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

function ratio(ratios: readonly number[], sense: Check['sense'], wanted: number): Check {
  return compare({ what: 'x', of: ratios, against: ratios.map(() => 1), sense, wanted });
}

test.serial('Two things are compared turn by turn', (t) => {
  const check = compare({
    what: 'x',
    of: [10, 200, 30],
    against: [10, 100, 60],
    sense: 'at least',
    wanted: 1,
  });
  t.deepEqual(check.ratios, [1, 2, 0.5]);
  t.is(check.got, 1);
  t.true(Number.isNaN(compare({ ...check, of: [], against: [] }).got));
});

test.serial(
  'A ratio that is to be 1 is met when it is 1 but for the noise, another target only as it stands',
  (t) => {
    t.true(isMet(ratio([0.9501], 'at least', 1)));
    t.false(isMet(ratio([0.949], 'at least', 1)));
    t.true(isMet(ratio([1.0499], 'at most', 1)));
    t.false(isMet(ratio([1.051], 'at most', 1)));
    t.false(isMet(ratio([0.69], 'at least', 0.7)));
    t.false(isMet({ what: 'a number', got: 0.99, sense: 'at least', wanted: 1 }));
  },
);

test.serial('A median lies between measured values, the surer the more there are', (t) => {
  t.is(medianInterval([1]), undefined);
  t.deepEqual(medianInterval([3, 1, 2]), { low: 1, high: 3, confidence: 0.75 });
  t.deepEqual(medianInterval([5, 1, 4, 2, 3]), { low: 1, high: 5, confidence: 0.9375 });
  t.deepEqual(medianInterval([1, 2, 3, 4, 5, 6, 7, 8]), { low: 2, high: 7, confidence: 1 - 18 / 256 });
});

test.serial('A target is missed for sure when chance does not explain it', (t) => {
  t.true(isMissedForSure(ratio([0.8, 0.85, 0.9, 0.82, 0.88], 'at least', 1)));
  t.false(isMissedForSure(ratio([0.8, 0.85, 1.1, 0.82, 0.88], 'at least', 1)));
  t.true(isMissedForSure(ratio([1.2, 1.3, 1.25, 1.4, 1.2], 'at most', 1)));
  t.false(isMissedForSure(ratio([0.5, 0.4, 0.6], 'at least', 1)));
  t.false(isMissedForSure(ratio([0.97, 0.96, 0.98], 'at least', 1)));
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
      ratio([0.9, 1.1, 0.98], 'at least', 1),
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
      '  met     x: 0.98 (at least 1; 75 % sure: 0.90 to 1.10)',
      '  note: measured by hand',
      '',
    ].join('\n'),
  );
});

import test from 'ava';
import fc from 'fast-check';
import { backoffMs } from '../../tunnel/backoff.js';

test('A pause is anything up to a cap that doubles from 250 ms to 5 s', (t) => {
  const almostOne = 1 - Number.EPSILON;
  t.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((failures) => backoffMs(failures, almostOne)),
    [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000],
  );
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const pauseMs = backoffMs(failures, random);
      return pauseMs >= 0 && pauseMs <= 5_000;
    }),
  );
});

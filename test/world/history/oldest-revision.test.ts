import test from 'ava';
import { firstThat } from '../../../world/history/oldest-revision.js';

for (const high of [1n, 2n, 16n, 17n, 18n, 300n, 1_000_003n])
  test(`the first of ${high} is found, wherever it is`, async (t) => {
    for (const first of new Set([1n, 2n, 3n, 15n, 16n, 17n, 18n, high / 2n, high - 1n, high])) {
      if (first < 1n || first > high) continue;
      let rounds = 0;
      let asked = 0;
      const found = await firstThat(1n, high, async (number) => {
        if (asked === 0) queueMicrotask(() => (asked = 0));
        rounds += asked === 0 ? 1 : 0;
        asked += 1;
        return number >= first;
      });
      t.is(found, first);
      t.true(rounds <= 6, `${rounds} rounds`);
    }
  });

import { randomInt } from 'node:crypto';
import test from 'ava';
import { describeResult, runChurn } from './run-churn.js';

test.serial(
  'a fleet whose hosts come and go loses no write, shows no stale one, and comes to rest',
  async (t) => {
    t.timeout(120_000);
    const seed = randomInt(2 ** 31);
    t.log(`seed ${seed}; for its schedule: npm run churn -- --seconds 10 --seed ${seed} --verbose`);
    const result = await runChurn({ seed, durationMs: 10_000, say: () => undefined });
    t.deepEqual(result.complaints, [], describeResult(result));
  },
);

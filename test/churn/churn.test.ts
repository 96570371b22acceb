import { randomInt } from 'node:crypto';
import test from 'ava';
import { isLong } from '../tunnel/lossless/faults.js';
import { describeResult, runChurn } from './run-churn.js';

const SECONDS = isLong ? 10 : 4;

test.serial(
  'a fleet whose hosts come and go loses no write, shows no stale one, and comes to rest',
  async (t) => {
    // It judges by limits of its own; this one is for a run that hangs.
    t.timeout(300_000);
    const seed = randomInt(2 ** 31);
    t.log(`seed ${seed}; for its schedule: npm run churn -- --seconds ${SECONDS} --seed ${seed} --verbose`);
    const result = await runChurn({ seed, durationMs: SECONDS * 1_000, say: () => undefined });
    t.deepEqual(result.complaints, [], describeResult(result));
  },
);

import test from 'ava';
import { backoffMs, RetryDelay } from '../../../tunnel/connection/retry-delay.js';

test.serial('the pause before another try lies anywhere below a cap that doubles from 250 ms to 5 s', (t) => {
  const caps = [1, 2, 3, 4, 5, 6, 1_000_000].map((failures) => backoffMs(failures, 1));
  t.deepEqual(caps, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  t.is(backoffMs(1, 0), 0);
  t.is(backoffMs(3, 0.5), 500);
});

test.serial('while somebody waits the cap is 1 s', (t) => {
  const caps = [1, 2, 3, 4, 1_000_000].map((failures) => backoffMs(failures, 1, { isAwaited: true }));
  t.deepEqual(caps, [250, 500, 1_000, 1_000, 1_000]);
});

test.serial(
  'a pause never gets longer when somebody begins to wait, and ends after at most 1 s from then',
  async (t) => {
    const planned: Date[] = [];
    const pause = new RetryDelay(1_000_000, {
      isAwaited: false,
      onPlanned: (retryAt) => planned.push(retryAt),
    });
    const hurriedAt = Date.now();
    pause.hurry();
    const last = planned.at(-1) ?? new Date(NaN);
    t.true(last.getTime() <= (planned[0] ?? last).getTime());
    t.true(last.getTime() <= hurriedAt + 1_100);
    await pause.wait({ signal: new AbortController().signal });
  },
);

test.serial('a pause ends at once with the signal', async (t) => {
  const reason = new Error('enough');
  const aborting = new AbortController();
  const over = new RetryDelay(1_000_000, { isAwaited: false, onPlanned: () => {} }).wait(aborting);
  aborting.abort(reason);
  t.is(await t.throwsAsync(over), reason);
});

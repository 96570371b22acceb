const FIRST_CAP_MS = 250;
const LAST_CAP_MS = 5_000;
const LAST_CAP_WHILE_AWAITED_MS = 1_000;

/**
 * How long to wait before trying again, in milliseconds: anything between nothing and a cap that doubles with each
 * failure from 250 ms to 5 s, so that many who lost the same host do not come back at the same moment. While somebody
 * waits for the connection the cap ends at 1 s.
 *
 * @param failures attempts that failed in a row, at least 1
 * @param random from 0 up to 1
 */
export function backoffMs(failures: number, random: number, { isAwaited = false } = {}): number {
  const lastCapMs = isAwaited ? LAST_CAP_WHILE_AWAITED_MS : LAST_CAP_MS;
  // Beyond 2^16 the cap stands long since, and the power would overflow.
  const capMs = Math.min(lastCapMs, FIRST_CAP_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(random * capMs);
}

const FIRST_CAP_MS = 250;
const LAST_CAP_MS = 5_000;

/**
 * How long to wait before trying again, in milliseconds: anything between nothing and a cap that doubles with each
 * failure from 250 ms to 5 s, so that many who lost the same host do not come back at the same moment.
 *
 * @param failures attempts that failed in a row, at least 1
 * @param random from 0 up to 1
 */
export function backoffMs(failures: number, random: number): number {
  // Beyond 2^16 the cap stands long since, and the power would overflow.
  const cap = Math.min(LAST_CAP_MS, FIRST_CAP_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(random * cap);
}

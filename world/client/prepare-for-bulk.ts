import type { ConnectionLanes } from './calls/connection-lanes.js';
import type { ReadOptions } from './client-types.js';

/** Less goes with all other calls. */
const SMALL_BYTES = 256 << 10;
/** From here on, and over a link this long, what one connection carries is what an upload waits for. */
const LARGE_BYTES = 16 << 20;
const LONG_LINK_MS = 25;
/** No call waits for these. */
const TIMEOUT_MS = 5_000;

/** @param read makes a small call @throws what `read` throws */
export async function prepareForBulk(
  lanes: ConnectionLanes,
  bytes: number,
  read: (options: ReadOptions) => Promise<unknown>,
): Promise<void> {
  if (bytes <= SMALL_BYTES) return;
  if (bytes >= LARGE_BYTES && lanes.canBeWidened && (await roundTripMs(read)) >= LONG_LINK_MS) lanes.widen();
  const turns = Array.from({ length: lanes.bulkLanes }, () => read({ bulk: true, timeoutMs: TIMEOUT_MS }));
  await Promise.all(turns);
}

/** The faster of two calls, so that neither connecting nor a busy moment counts. */
async function roundTripMs(read: (options: ReadOptions) => Promise<unknown>): Promise<number> {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 2; turn += 1) {
    const from = performance.now();
    await read({ timeoutMs: TIMEOUT_MS });
    fastestMs = Math.min(fastestMs, performance.now() - from);
  }
  return fastestMs;
}

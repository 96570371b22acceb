import { setTimeout as delay } from 'node:timers/promises';

/** Whether a promise settles in time. */
export async function within(timeoutMs: number, promise: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const late = delay(timeoutMs, false, { signal: over.signal }).catch(() => false); // it did settle in time
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    over.abort();
  }
}

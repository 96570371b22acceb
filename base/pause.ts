import { setTimeout as delay } from 'node:timers/promises';

/** Waits so long, or until the signal aborts: the caller's loop looks which it was. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

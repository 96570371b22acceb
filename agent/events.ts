import { type EventEmitter, on } from 'node:events';

/**
 * Yields at once if it is so now, and then each time that it happens, from this call on: nothing is missed that happens
 * before the iteration begins. Ends when the signal aborts.
 */
export function happened(
  happenings: EventEmitter,
  what: string,
  isNow: boolean,
  signal: AbortSignal,
): AsyncIterable<void> {
  if (signal.aborted) return iterate([], false, signal);
  return iterate(on(happenings, what, { signal }), isNow, signal);
}

async function* iterate(
  later: AsyncIterable<unknown> | Iterable<unknown>,
  isNow: boolean,
  signal: AbortSignal,
): AsyncGenerator<void, undefined> {
  if (isNow) yield;
  try {
    for await (const _ of later) yield;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

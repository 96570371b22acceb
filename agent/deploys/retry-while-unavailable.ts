import { pause } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import { type Log, WorldError } from '../../world/internal.js';

const RETRY_PAUSES = { firstMs: 1_000, maxMs: 10_000, jitter: false };

const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  'unavailable',
  'outcome-unknown',
  'permission-denied',
]);

/** Whether a read may succeed later: the World is unavailable, or its users are being set up. */
export function isReadRetryable(error: unknown): boolean {
  return error instanceof WorldError && UNAVAILABLE_CODES.has(error.code);
}

/** Whether a write may succeed later: as for reading, or the World was full. */
export function isWriteRetryable(error: unknown): boolean {
  return isReadRetryable(error) || (error instanceof WorldError && error.code === 'no-space');
}

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Whether a retry may succeed. Default {@link isWriteRetryable}. */
  readonly isRetryable?: (error: unknown) => boolean;
}

/**
 * Repeats an operation, which must be safe to repeat, with increasing pauses until it succeeds; each problem is
 * logged once.
 */
export async function retryWhileUnavailable<T>(
  operation: () => Promise<T>,
  { signal, log, isRetryable = isWriteRetryable }: RetryOptions,
): Promise<T> {
  let lastLogged = '';
  for (const backoff = new Backoff(RETRY_PAUSES); ; ) {
    signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== lastLogged) log('warn', `retrying until it works: ${message}`);
      lastLogged = message;
    }
    await pause(backoff.next(), signal);
  }
}

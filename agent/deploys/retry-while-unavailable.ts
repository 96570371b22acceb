import { pause } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import { type Log, WorldError } from '../../world/without-ssh.js';

const RETRY_PAUSES = { firstMs: 1_000, maxMs: 10_000, jitter: false };

const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  'unavailable',
  'outcome-unknown',
  'permission-denied',
]);

/** Whether the World may let us read later: it is away, or its users are being set up. */
export function isReadRetryable(error: unknown): boolean {
  return error instanceof WorldError && UNAVAILABLE_CODES.has(error.code);
}

/** Whether the World may let us write later: as for reading, and it may have been full. */
export function isWriteRetryable(error: unknown): boolean {
  return isReadRetryable(error) || (error instanceof WorldError && error.code === 'no-space');
}

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Whether it may be otherwise later. Default {@link isWriteRetryable}. */
  readonly isRetryable?: (error: unknown) => boolean;
}

/** Repeats an operation, which must be safe to repeat, with growing pauses until it works; what is in the way is said once. */
export async function retryWhileUnavailable<T>(
  operation: () => Promise<T>,
  { signal, log, isRetryable = isWriteRetryable }: RetryOptions,
): Promise<T> {
  let said = '';
  for (const backoff = new Backoff(RETRY_PAUSES); ; ) {
    signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) log('warn', `retrying until it works: ${message}`);
      said = message;
    }
    await pause(backoff.next(), signal);
  }
}

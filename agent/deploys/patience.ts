import { type Log, WorldError } from '../../world/direct.js';
import { pause } from '../pause.js';

const retryMs = { first: 1_000, most: 10_000 };

/** What the World refuses now and may grant later: it is away, full, or its users are being set up. */
const transient: ReadonlySet<string> = new Set([
  'unavailable',
  'outcome-unknown',
  'no-space',
  'permission-denied',
]);

export function isTransient(error: unknown): boolean {
  return error instanceof WorldError && transient.has(error.code);
}

export interface PatienceOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Whether it may be otherwise later. Default {@link isTransient}. */
  readonly isWorthIt?: (error: unknown) => boolean;
}

/** Repeats an operation, which must be safe to repeat, with growing pauses until it works; what is in the way is said once. */
export async function patiently<T>(
  operation: () => Promise<T>,
  { signal, log, isWorthIt = isTransient }: PatienceOptions,
): Promise<T> {
  let said = '';
  for (let pauseMs = retryMs.first; ; pauseMs = Math.min(pauseMs * 2, retryMs.most)) {
    signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      signal.throwIfAborted();
      if (!isWorthIt(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) log('warn', `trying again until it works: ${message}`);
      said = message;
    }
    await pause(pauseMs, signal);
  }
}

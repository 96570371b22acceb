import { setMaxListeners } from 'node:events';

/**
 * Calls `listener` once, when the first of the signals aborts; in a microtask if one already has.
 * @returns a function that stops listening.
 */
export function onAbort(signals: readonly (AbortSignal | undefined)[], listener: () => void): () => void {
  const unlisten = (): void => {
    for (const signal of signals) signal?.removeEventListener('abort', fire);
  };
  const fire = (): void => {
    unlisten();
    listener();
  };
  if (signals.some((signal) => signal?.aborted)) {
    queueMicrotask(listener);
    return unlisten;
  }
  for (const signal of signals) {
    if (signal === undefined) continue;
    // Any number of calls may share a signal; each removes its listener.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', fire);
  }
  return unlisten;
}

/**
 * Aborts after `ms`, with a `TimeoutError`, unless the process has ended by then. As `AbortSignal.timeout`, whose signal Node 20
 * loses as garbage, and never aborts, where only `AbortSignal.any` depends on it.
 */
export function timeLimit(ms: number): AbortSignal {
  const limit = new AbortController();
  const expire = (): void => limit.abort(new DOMException('The time limit was reached', 'TimeoutError'));
  setTimeout(expire, ms).unref();
  return limit.signal;
}

/** Resolves after `ms`, or as soon as one of the signals aborts; the caller checks which. */
export function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unlisten();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const unlisten = onAbort(signals, done);
  });
}

/** Settles as the promise does, unless one of the signals aborts first: then it rejects with that signal's reason. */
export async function untilAborted<T>(
  promise: Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  for (const signal of signals) signal?.throwIfAborted();
  let unlisten = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    unlisten = onAbort(signals, () => reject(signals.find((signal) => signal?.aborted)?.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    unlisten();
  }
}

/** Resolves when the signal aborts: at once, if it already has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort([signal], resolve);
  });
}

/**
 * An iteration that can be ended while it waits: `return()` aborts the signal `left`, which the generator must obey. A
 * plain generator handles `return()` only after its pending `await` settles.
 */
export function cancellableIterator<T>(
  start: (left: AbortSignal) => AsyncGenerator<T, undefined>,
): AsyncIterableIterator<T, undefined> {
  const leaving = new AbortController();
  const generator = start(leaving.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => generator.next(),
    return: () => {
      leaving.abort();
      return generator.return(undefined);
    },
  };
}

/**
 * An iteration that can be left while it waits: `return()` aborts `left`, which the generator must heed. A plain
 * generator would not look at `return()` before what it waits for has come.
 */
export function cancellable<T>(
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

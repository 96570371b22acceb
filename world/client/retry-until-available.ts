import { WorldError } from '../errors.js';

/** Retries a read for as long as etcd is unreachable. Each attempt itself waits for etcd, so there is no delay between. */
export async function retryUntilAvailable<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (signal.aborted || !(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    }
  }
}

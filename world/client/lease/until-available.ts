import { WorldError } from '../../errors.js';

/** Reads again for as long as etcd is out of reach, for what has to outlive that. Each attempt waits for etcd itself. */
export async function untilAvailable<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (signal.aborted || !(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    }
  }
}

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DecryptRequest, DecryptResult } from './decrypt-worker.js';

/**
 * Decrypts a private key in a worker thread, because OpenSSH's key derivation would block the main one for a second.
 * @returns the text of the unencrypted key; undefined when the passphrase is wrong
 */
export async function decryptKey(
  request: DecryptRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const worker = new Worker(new URL('./decrypt-worker.js', import.meta.url), { workerData: request });
  try {
    const [{ privateKey }] = (await once(worker, 'message', { signal })) as [DecryptResult];
    return privateKey;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await worker.terminate();
  }
}

import { createPrivateKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { formatPrivateKey, parsePrivateKey } from './parse-private-key.js';

export interface DecryptRequest {
  readonly privateKey: string;
  readonly passphrase: string;
}

export interface DecryptResult {
  /** Absent when the passphrase is wrong. */
  readonly privateKey?: string | undefined;
}

parentPort?.postMessage(decrypt(workerData));

function decrypt({ privateKey, passphrase }: DecryptRequest): DecryptResult {
  let pem: string;
  try {
    pem = parsePrivateKey(privateKey, passphrase).getPrivatePEM();
  } catch {
    // A wrong passphrase cannot be told from any other error.
    return {};
  }
  return { privateKey: formatPrivateKey(createPrivateKey(pem)) };
}

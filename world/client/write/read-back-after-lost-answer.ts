import { WorldError } from '../../errors.js';
import { DEFAULT_TIMEOUT_MS } from '../calls/call-runner.js';
import type { KeyValue } from '../key-value.js';

/**
 * Writes one key and, if the answer is lost, reads back whether the write was applied: it was if the key holds what was
 * written, at a revision newer than any that this client had seen.
 * @throws WorldError as the write does, if reading back does not tell or there is no time left for it.
 */
export async function confirmWrite(
  written: Pick<KeyValue, 'value' | 'lease'>,
  lastRevision: bigint,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  read: (timeoutMs: number) => Promise<KeyValue | undefined>,
  write: () => Promise<unknown>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  try {
    await write();
  } catch (error) {
    const leftMs = deadline - performance.now();
    if (
      !(error instanceof WorldError) ||
      error.code !== 'outcome-unknown' ||
      leftMs <= 0 ||
      lastRevision === 0n
    )
      throw error;
    const found = await read(leftMs).catch((failure: unknown) => {
      if (failure instanceof WorldError) throw error;
      throw failure;
    });
    if (!holds(found, written, lastRevision)) throw error;
  }
}

function holds(
  found: KeyValue | undefined,
  written: Pick<KeyValue, 'value' | 'lease'>,
  lastRevision: bigint,
): boolean {
  if (found === undefined || found.modRevision <= lastRevision) return false;
  return found.lease === written.lease && found.value.equals(written.value);
}

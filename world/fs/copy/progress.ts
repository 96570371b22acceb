import type { StoreOptions } from '../storage/storage.js';

/** Tells a caller how far an upload is: what need not be sent counts as done. */
export function reportTo(
  onProgress: ((done: { bytes: number; of: number }) => void) | undefined,
  of: number,
): StoreOptions {
  let bytes = 0;
  const report = (more: number): void => {
    bytes = Math.min(of, bytes + more);
    onProgress?.({ bytes, of });
  };
  return { onMissing: (missing) => report(Math.max(0, of - missing)), onSent: report };
}

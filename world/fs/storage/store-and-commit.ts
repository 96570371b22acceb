import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { OnProgress } from '../world-fs.js';
import type { Source, Storage, StoreOptions, Upload } from './storage.js';

const MOST_TRIES = 3;

/** Stores what can be read again and commits it; once more when blocks were freed in between. A pin is held. */
export async function storeAndCommit(
  storage: Storage,
  sources: readonly Source[],
  { commit, ...options }: StoreOptions & { readonly commit: () => Promise<void> },
  call: CallOptions,
): Promise<Upload> {
  let upload = await storage.store(sources, call, options);
  for (let tries = 1; ; tries += 1) {
    try {
      await commit();
      return upload;
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'conflict' || tries === MOST_TRIES) throw error;
    }
    // Without what was known of the tree before: it may be another one.
    const again = await storage.store(sources, call);
    upload = {
      uploadedBlocks: upload.uploadedBlocks + again.uploadedBlocks,
      uploadedBytes: upload.uploadedBytes + again.uploadedBytes,
    };
  }
}

/** Tells a caller how far an upload is: what need not be sent counts as done. */
export function reportTo(onProgress: OnProgress | undefined, of: number): StoreOptions {
  let bytes = 0;
  const report = (more: number): void => {
    bytes = Math.min(of, bytes + more);
    onProgress?.({ bytes, of });
  };
  return { onMissing: (missing) => report(Math.max(0, of - missing)), onSent: report };
}

import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
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

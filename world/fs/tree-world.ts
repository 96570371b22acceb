import type { CallOptions } from '../call-options.js';
import type { TreeUpload } from './copy/put-tree.js';

/** Folders stored as content-addressed blocks under `/storage`, named by a superblock under `/fs`. */
export interface TreeWorld {
  /** Stores a folder, without `.git`; what is there is not sent again. A deploy has to name it within an hour. */
  putTree(
    folder: string,
    options?: CallOptions & { onProgress?: (done: { bytes: number; of: number }) => void },
  ): Promise<TreeUpload>;
  /** Writes a stored tree to `folder`, which must not exist; every block is verified. On failure nothing is left. */
  getTree(tree: string, folder: string, options?: CallOptions): Promise<void>;
}

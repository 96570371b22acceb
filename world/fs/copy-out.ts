import path from 'node:path';
import { namingPlace } from './fs-error.js';
import { listFolder } from './list-folder.js';
import type { Node } from './node.js';
import type { Volume } from './volume.js';
import type { CopyOptions, CopyResult } from './world-fs.js';
import { writeEntries } from './write-entries.js';

/** Copies a file or folder to the local disk; each block is fetched once and verified. */
export async function copyOut(
  volume: Volume,
  source: string,
  local: string,
  { onProgress, ...call }: CopyOptions,
): Promise<CopyResult> {
  const place = { syscall: 'copyOut', path: source };
  const found = await volume.look((draft) => {
    const root = namingPlace(place, () => draft.find(source, true));
    return root.type === 'directory'
      ? [['', root] as [string, Node], ...listFolder(root, { draft, recursive: true })]
      : [['', root] as [string, Node]];
  }, call);
  const entries = found.map(([name, node]) => ({ file: path.join(local, name), node }));
  const files = entries.flatMap(({ node }) => (node.type === 'file' ? [node] : []));
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let bytes = 0;
  await writeEntries(volume.storage, entries, call, (more) => {
    bytes += more;
    onProgress?.({ bytes, of: sizeBytes });
  });
  return { files: files.length, sizeBytes, uploadedBlocks: 0, uploadedBytes: 0 };
}

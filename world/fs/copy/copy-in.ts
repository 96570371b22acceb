import { FsError, inContext } from '../fs-error.js';
import { reportTo, storeAndCommit } from '../storage/store-and-commit.js';
import type { TreeDraft } from '../tree/tree-draft.js';
import { partsOf, withoutSlash } from '../tree/walk-path.js';
import type { Volume } from '../volume.js';
import type { CopyOptions, CopyResult } from '../world-fs.js';
import { type LocalEntry, readAllLocal, sourcesIn } from './read-local-files.js';

/** Copies a local file or directory in, in one change of the tree; only blocks that are not there are sent. */
export async function copyIn(
  volume: Volume,
  local: string,
  target: string,
  { onProgress, ...call }: CopyOptions,
): Promise<CopyResult> {
  const context = { syscall: 'copyIn', path: target };
  if (volume.storage.isReadOnly) throw new FsError('EROFS', context);
  const pin = await volume.storage.pin(call);
  try {
    const { entries, files, sizeBytes } = await readAllLocal(local, { signal: call.signal });
    const base = inContext(context, () => partsOf(target).filter((part) => part !== '.'));
    const known = await volume.look((draft) => knownBlocks(draft, base, entries), call);
    const sources = sourcesIn(local, entries);
    const report = reportTo(onProgress, sizeBytes);
    const commit = () =>
      volume.change((draft) => inContext(context, () => putIntoDraft(draft, target, entries)), call);
    const upload = await storeAndCommit(volume.storage, sources, { ...report, known, commit }, call);
    return { files, sizeBytes, ...upload };
  } finally {
    await pin.release();
  }
}

/** The blocks of the files that will be replaced: they exist as long as nobody changes the tree. */
function knownBlocks(draft: TreeDraft, base: readonly string[], entries: readonly LocalEntry[]): Set<string> {
  const known = new Set<string>();
  for (const entry of entries) {
    const node = draft.at([...base, ...entry.path.split('/').filter((part) => part !== '')]);
    if (node?.type === 'file') for (const { hash } of node.blocks) known.add(hash);
  }
  return known;
}

function putIntoDraft(draft: TreeDraft, target: string, entries: readonly LocalEntry[]): void {
  const above = target.replace(/\/+$/, '').replace(/\/?[^/]*$/, '');
  if (above !== '') draft.makeDirectory(above, 0o777, true);
  for (const { path: relative, node } of entries) {
    const to = relative === '' ? target : `${target.replace(/\/$/, '')}/${relative}`;
    const { parents, name, node: found } = draft.walk(withoutSlash(to), relative === '');
    if (node.type === 'directory' && found?.type === 'directory') {
      if (name !== undefined) draft.alter(to, () => ({ ...found, mode: node.mode }));
      continue;
    }
    if (node.type === 'directory' && found !== undefined) throw refused('ENOTDIR', to);
    if (found?.type === 'directory' || name === undefined) throw refused('EISDIR', to);
    draft.put([...parents, name], node);
  }
}

function refused(code: 'ENOTDIR' | 'EISDIR', path: string): FsError {
  return new FsError(code, { syscall: 'copyIn', path });
}

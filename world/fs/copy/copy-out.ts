import path from 'node:path';
import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import { inContext } from '../fs-error.js';
import { EscapeChecker } from '../tree/escape-checker.js';
import { listRecursively } from '../tree/list-recursively.js';
import { checkSize } from '../tree/tree-limits.js';
import { EMPTY_ROOT, type Node } from '../tree/tree-node.js';
import type { Volume } from '../volume.js';
import type { CopiedOut, CopyOptions } from '../world-fs.js';
import { type Destination, fileDestination, folderDestination } from './copy-destination.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { checkMerge, type Merge, mergeIntoFolder } from './merge-into-folder.js';
import { type Branch, entriesIn, isBranch, nestEntries } from './nest-entries.js';
import { StagingFolder } from './staging-folder.js';
import { type TreeEntry, writeEntries } from './write-entries.js';

/**
 * Copies a file or directory to the local disk; each block is fetched once and verified. Nothing is written before all of
 * it was looked at, and nothing through a symbolic link: it is put together in a directory of its own beside, and moved.
 */
export async function copyOut(
  volume: Volume,
  source: string,
  local: string,
  { onProgress, ...call }: CopyOptions,
): Promise<CopiedOut> {
  const context = { syscall: 'copyOut', path: source };
  const root = await volume.look((draft) => inContext(context, () => draft.find(source, true)), call);
  const entries = await entriesOf(volume, root, source, call);
  const at =
    root.type === 'directory'
      ? await folderDestination(local)
      : await fileDestination(local, path.posix.basename(source));
  await using folder = at.folder;
  const merge = { into: folder, branch: branchFor(at, root, entries) };
  await checkMerge(merge, call.signal);
  const files = entries.flatMap(([, node]) => (node.type === 'file' ? [node] : []));
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let bytes = 0;
  await write(volume, merge, call, (more) => {
    bytes += more;
    onProgress?.({ bytes, of: sizeBytes });
  });
  return { local: at.path, files: files.length, sizeBytes, uploadedBlocks: 0, uploadedBytes: 0 };
}

/** The entries to write: those of a directory, or a single file. @throws WorldError `unsafe`, `too-large` */
async function entriesOf(
  volume: Volume,
  root: Node,
  source: string,
  call: CallOptions,
): Promise<readonly TreeEntry[]> {
  if (root.type === 'file')
    checkSize({ entries: 1, sizeBytes: root.sizeBytes, blocks: root.blocks.length }, source);
  if (root.type !== 'directory') return [['', root]];
  const entries = await listRecursively(volume, root, { ...call, name: source });
  const pace = new EventLoopYielder(call.signal);
  const described = entries.map(([at, node]) => ({ ...node, path: at }));
  const checker = new EscapeChecker(described);
  for (const entry of described) {
    if (pace.isDue()) await pace.rest();
    const why = checker.problemOf(entry);
    if (why === undefined) continue;
    const leadsTo = entry.type === 'symlink' ? ` (to ${entry.target})` : '';
    const message = `Could not copy ${source}: "${entry.path}" ${why}${leadsTo}. Remove it there, or copy the other entries.`;
    throw new WorldError('unsafe', message);
  }
  return entries;
}

function branchFor({ name }: Destination, root: Node, entries: readonly TreeEntry[]): Branch {
  const whole = root.type === 'directory' ? nestEntries(root, entries) : root;
  if (name !== undefined) return { node: EMPTY_ROOT, entries: new Map([[name, whole]]) };
  return isBranch(whole) ? whole : { node: EMPTY_ROOT, entries: new Map() };
}

async function write(
  volume: Volume,
  merge: Merge,
  call: CallOptions,
  onWritten: (bytes: number) => void,
): Promise<void> {
  await using staging = await StagingFolder.in(merge.into);
  const target = { storage: volume.storage, folder: staging.folder };
  await writeEntries(target, [...entriesIn(merge.branch)], call, onWritten);
  await mergeIntoFolder(merge, staging.folder, call.signal);
}

import { chmod, mkdir, open, rm, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../world.js';
import { batches, IN_FLIGHT } from './batches.js';
import { namingPlace } from './fs-error.js';
import { inParallel } from './in-parallel.js';
import { listFolder } from './list-folder.js';
import type { FileNode, Node } from './node.js';
import type { Volume } from './volume.js';
import type { CopyOptions, CopyResult } from './world-fs.js';

interface Wanted {
  readonly hash: string;
  readonly length: number;
  readonly places: { readonly file: string; readonly position: number }[];
}

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
  const sizeBytes = entries.reduce((sum, { node }) => sum + (node.type === 'file' ? node.sizeBytes : 0), 0);
  for (const { file, node } of entries) if (node.type === 'directory') await mkdir(file, { recursive: true });
  const files = entries.flatMap(({ file, node }) => (node.type === 'file' ? [{ file, node }] : []));
  await inParallel(files, IN_FLIGHT, async ({ file }) => (await open(file, 'w')).close());
  let bytes = 0;
  await inParallel(batches(wantedBlocks(files)), IN_FLIGHT, async (batch) => {
    bytes += await writeBatch(volume, batch, call);
    onProgress?.({ bytes, of: sizeBytes });
  });
  for (const { file, node } of entries) {
    if (node.type !== 'symlink') continue;
    await rm(file, { force: true });
    await symlink(node.target, file);
  }
  // Last, children before their folders: some modes forbid writing, and writing sets times.
  for (const { file, node } of entries.reverse()) await setAttributes(file, node);
  return { files: files.length, sizeBytes, uploadedBlocks: 0, uploadedBytes: 0 };
}

function wantedBlocks(
  files: readonly { readonly file: string; readonly node: FileNode }[],
): Iterable<Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { file, node } of files) {
    let position = 0;
    for (const { hash, length } of node.blocks) {
      const block = wanted.get(hash) ?? { hash, length, places: [] };
      block.places.push({ file, position });
      wanted.set(hash, block);
      position += length;
    }
  }
  return wanted.values();
}

/** @returns how many bytes were written. */
async function writeBatch(volume: Volume, batch: readonly Wanted[], call: CallOptions): Promise<number> {
  call.signal?.throwIfAborted();
  const blocks = await volume.storage.read(
    batch.map(({ hash }) => hash),
    call,
  );
  let bytes = 0;
  for (const [index, { places }] of batch.entries()) {
    const data = blocks[index] ?? Buffer.alloc(0);
    for (const { file, position } of places) {
      await using handle = await open(file, 'r+');
      for (let written = 0; written < data.length; ) {
        written += (await handle.write(data, written, data.length - written, position + written))
          .bytesWritten;
      }
      bytes += data.length;
    }
  }
  return bytes;
}

async function setAttributes(file: string, node: Node): Promise<void> {
  if (node.type === 'symlink') return;
  await chmod(file, node.mode);
  if (node.mtimeMs !== undefined) await utimes(file, node.mtimeMs / 1000, node.mtimeMs / 1000);
}

import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import type { CallOptions } from '../world.js';
import { BULK_TIMEOUT_MS } from './batches.js';
import { checkTree, TreeStorage } from './deployed-tree.js';
import { listFolder } from './list-folder.js';
import { Volume } from './volume.js';
import { writeEntries } from './write-entries.js';

/**
 * Writes a stored tree to `folder`. It is put together beside it and renamed at the end, so that a folder of that
 * name is always whole, also after a crash. `timeoutMs` bounds each request, default 60 s.
 * @throws WorldError `not-found` for a tree or block that is not stored, `conflict` when `folder` exists, `invalid`
 * for a tree that is corrupt or would write outside its folder, `no-space` when the disk is full.
 */
export async function getTree(
  client: Client,
  tree: string,
  folder: string,
  options: CallOptions = {},
): Promise<void> {
  const call = { timeoutMs: BULK_TIMEOUT_MS, ...options };
  await refuseExisting(folder);
  const storage = new TreeStorage(client, tree);
  const entries = await new Volume(storage).look(
    (draft) => [...listFolder(draft.root, { draft, recursive: true })],
    call,
  );
  checkTree(entries);
  const partial = path.join(
    path.dirname(folder),
    `.${path.basename(folder)}.${randomBytes(4).toString('hex')}.partial`,
  );
  try {
    await mkdir(partial, { mode: 0o755 });
    const files = entries.map(([name, node]) => ({ file: path.join(partial, name), node }));
    await writeEntries(storage, files, call);
    await chmod(partial, 0o755);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw diskFull(error, folder) ?? error;
  }
}

async function refuseExisting(folder: string): Promise<void> {
  const stats = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (stats !== undefined)
    throw new WorldError('conflict', `Could not write a tree to ${folder}: it exists already.`);
}

function diskFull(error: unknown, folder: string): WorldError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return undefined;
  return new WorldError('no-space', `Could not write a tree to ${folder}: the disk is full.`, {
    cause: error,
  });
}

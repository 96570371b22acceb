import { lstat, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { ifThere, isErrno, LocalFolder } from '../copy/local-folder.js';
import { StagingFolder } from '../copy/staging-folder.js';
import { setFolders, writeEntries } from '../copy/write-entries.js';
import { BULK_TIMEOUT_MS } from '../storage/batch-blocks.js';
import { checkTree } from '../tree/check-safe-to-write.js';
import { readDeployTree } from './read-deploy-tree.js';

export interface GetTreeOptions extends CallOptions {
  /** A directory of this machine that may hold some of the same files: what it does hold is copied, verified, and not fetched. */
  readonly alike?: string | undefined;
}

/**
 * Writes a stored tree to `folder`. It is put together beside it and renamed at the end, so that a directory of that
 * name is always whole, also after a crash. `timeoutMs` bounds each request, default 60 s.
 * @throws WorldError `not-found` for a tree or block that is not stored, `conflict` when `folder` exists, `invalid`
 * for a tree that is corrupt or would write outside its directory, `too-large` for one that unfolds to more than 1,000,000
 * entries, 128 nested directories or 8 GiB, `no-space` when the disk is full.
 */
export async function getTree(
  client: Client,
  tree: string,
  folder: string,
  { alike, ...options }: GetTreeOptions = {},
): Promise<void> {
  const call = { ...options, timeoutMs: options.timeoutMs ?? BULK_TIMEOUT_MS };
  await refuseExisting(folder);
  const { volume, entries } = await readDeployTree(client, tree, call);
  await checkTree(entries, call.signal);
  try {
    await using parent = await LocalFolder.open(path.dirname(folder));
    await using staging = await StagingFolder.in(parent);
    await staging.folder.use('tree', (at) => mkdir(at, { mode: 0o755 }));
    await using made = await staging.folder.folder('tree');
    await writeEntries({ storage: volume.storage, folder: made, alike }, entries, call);
    await setFolders(made, entries, call.signal);
    await made.handle.chmod(0o755);
    await staging.folder.useBoth('tree', { folder: parent, name: path.basename(folder) }, rename);
  } catch (error) {
    throw diskFull(error, folder) ?? error;
  }
}

async function refuseExisting(folder: string): Promise<void> {
  if ((await ifThere(lstat(folder))) !== undefined)
    throw new WorldError('conflict', `Could not write a tree to ${folder}: it already exists.`);
}

function diskFull(error: unknown, folder: string): WorldError | undefined {
  if (!isErrno(error, 'ENOSPC', 'EDQUOT')) return undefined;
  return new WorldError('no-space', `Could not write a tree to ${folder}: the disk is full.`, {
    cause: error,
  });
}

import { lstat, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { keepSameEntries } from '../copy/keep-same-entries.js';
import { ifThere, isErrno, LocalFolder } from '../copy/local-folder.js';
import { StagingFolder } from '../copy/staging-folder.js';
import { setFolders, type TreeEntry, writeEntries } from '../copy/write-entries.js';
import { BULK_TIMEOUT_MS } from '../storage/batch-blocks.js';
import { checkTree } from '../tree/check-safe-to-write.js';
import { readDeployTree } from './read-deploy-tree.js';

export interface GetTreeOptions extends CallOptions {
  /** A directory of this machine that may hold some of the same files: what it does hold is copied, verified, and not fetched. */
  readonly alike?: string | undefined;
  /**
   * A directory of this machine, on the same file system, that is not needed any more: it becomes the tree, and only what
   * differs in it is written. It is gone afterwards, or still there if that was not possible.
   */
  readonly reuse?: string | undefined;
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
  { alike, reuse, ...options }: GetTreeOptions = {},
): Promise<void> {
  const call = { ...options, timeoutMs: options.timeoutMs ?? BULK_TIMEOUT_MS };
  await refuseExisting(folder);
  const { volume, entries } = await readDeployTree(client, tree, call);
  await checkTree(entries, call.signal);
  try {
    await using parent = await LocalFolder.open(path.dirname(folder));
    await using staging = await StagingFolder.in(parent);
    const missing = reuse && (await takeOver(reuse, staging.folder, entries, call.signal));
    if (!missing) await staging.folder.use('tree', (at) => mkdir(at, { mode: 0o755 }));
    await using made = await staging.folder.folder('tree');
    await writeEntries({ storage: volume.storage, folder: made, alike }, missing || entries, call);
    await setFolders(made, entries, call.signal);
    await made.handle.chmod(0o755);
    await staging.folder.useBoth('tree', { folder: parent, name: path.basename(folder) }, rename);
  } catch (error) {
    throw diskFull(error, folder) ?? error;
  }
}

/**
 * Moves a directory that is not needed any more to `tree`, and leaves in it what is as it should be.
 * @returns what is missing; undefined where it cannot be used, and is where it was
 */
async function takeOver(
  from: string,
  staging: LocalFolder,
  entries: readonly TreeEntry[],
  signal: AbortSignal | undefined,
): Promise<TreeEntry[] | undefined> {
  try {
    await using there = await LocalFolder.open(path.dirname(from));
    const place = { folder: staging, name: 'tree' };
    await there.useBoth(path.basename(from), place, rename);
    try {
      await using made = await staging.folder('tree');
      return await keepSameEntries(made, entries, signal);
    } catch (error) {
      await there.useBoth(path.basename(from), place, (back, at) => rename(at, back));
      throw error;
    }
  } catch {
    signal?.throwIfAborted();
    return undefined;
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

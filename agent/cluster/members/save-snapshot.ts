import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Client, verifySnapshot } from '../../../world/internal.js';

const KEPT = 3;

/** For each request and each chunk: a change of the cluster waits for it. */
const ANSWER_MS = 5000;

/**
 * Saves etcd's data as `snapshots/<ISO time>-<revision>.db` in `folder`, for `etcdctl snapshot restore`, and removes
 * all but the newest three.
 *
 * @returns the file.
 * @throws WorldError `unavailable`; errno errors of the file system.
 */
export async function saveSnapshot(client: Client, folder: string, signal: AbortSignal): Promise<string> {
  const snapshots = path.join(folder, 'snapshots');
  await mkdir(snapshots, { recursive: true, mode: 0o700 });
  const options = { signal, timeoutMs: ANSWER_MS };
  // Not from the status, which depends on a single server: it may just have stopped.
  const { revision } = await client.txn({}, { ...options, repeatable: true });
  const name = `${new Date().toISOString().replaceAll(':', '')}-${revision}.db`;
  const partial = path.join(snapshots, `${name}.part`);
  try {
    await pipeline(verifySnapshot(client.snapshot(options)), createWriteStream(partial, { mode: 0o600 }), {
      signal,
    });
    await rename(partial, path.join(snapshots, name));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await removeOld(snapshots);
  return path.join(snapshots, name);
}

async function removeOld(snapshots: string): Promise<void> {
  const names = (await readdir(snapshots)).filter((name) => name.endsWith('.db')).sort();
  for (const name of names.slice(0, -KEPT)) await rm(path.join(snapshots, name), { force: true });
}

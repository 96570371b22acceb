import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { Client } from '../../world/client/client.js';
import { verifySnapshot } from '../../world/client/snapshot/verify-snapshot.js';
import { CliError } from '../errors.js';
import { localPathError } from '../fs/explain-path-errors.js';

/** A snapshot of etcd on this machine. */
export interface Backup {
  readonly file: string;
  readonly sizeBytes: number;
  /** Of the file. */
  readonly sha256: string;
  /** It holds every write up to this revision, and perhaps some more. */
  readonly revision: number;
}

export interface BackupOptions {
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** For each answer. */
  readonly timeoutMs: number;
}

/**
 * Saves etcd's data in a file (0600) that `etcdutl snapshot restore` takes. The file appears when it is complete and
 * verified; an abort or a failure leaves nothing.
 *
 * @throws CliError `EEXIST` if the file exists, without `force`; `usage` for what is no file, such as a device or `-`; errors of the
 * system; WorldError `unavailable`
 */
export async function saveBackup(client: Client, file: string, options: BackupOptions): Promise<Backup> {
  if (file === '-') {
    // It is verified before anybody can read it, which a pipe does not allow.
    const message =
      'A backup is written to a file, not to standard output: give its name, or ./- for a file of that name.';
    throw new CliError('usage', message);
  }
  try {
    return await save(client, file, options);
  } catch (error) {
    throw localPathError(error) ?? error;
  }
}

async function save(client: Client, file: string, options: BackupOptions): Promise<Backup> {
  const { force, signal, timeoutMs } = options;
  await checkTarget(file, force);
  const call = { signal, timeoutMs };
  // Over the connection that the snapshot comes from: the member has to know what the majority has agreed on.
  const { revision } = await client.txn({}, { ...call, repeatable: true, bulk: true });
  // A name of our own: another backup to the same file may be running, and no file of anybody else goes.
  const partial = `${file}.${randomUUID().slice(0, 8)}.part`;
  const target = await open(partial, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of verifySnapshot(client.snapshot(call))) {
      signal.throwIfAborted();
      hash.update(chunk);
      await target.writeFile(chunk);
      sizeBytes += chunk.length;
    }
    await target.sync();
    await target.close();
    await checkTarget(file, force);
    await rename(partial, file);
    return { file, sizeBytes, sha256: hash.digest('hex'), revision: Number(revision) };
  } catch (error) {
    await target.close();
    await rm(partial, { force: true });
    throw error;
  }
}

async function checkTarget(file: string, force: boolean): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return;
  // As root, it would take the place of a device.
  if (!found.isFile())
    throw new CliError('usage', `${file} is not a regular file: choose another name for the backup.`);
  if (!force)
    throw new CliError('EEXIST', `${file} exists: choose another name, or replace it with --force.`);
}

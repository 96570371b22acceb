import { createReadStream } from 'node:fs';
import { inParallel } from '../../base/in-parallel.js';
import { SftpError } from '../../tunnel/sftp/sftp-session.js';
import { CliError } from '../errors.js';
import { type CopiedEntry, joined, partialName, split, typeOfMode, withoutEnd } from './copied-entry.js';
import type { LocalTree } from './list-local-tree.js';
import type { RemoteFiles } from './remote-files.js';

/** How many files are on their way at once, so that many small ones do not wait for each other. */
const AT_ONCE = 8;

/** Where files go, and how to tell of it. */
export interface Upload {
  readonly files: RemoteFiles;
  /** For errors. */
  readonly hostname: string;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies trees to a host: into a directory that is there, else to the name that is given. A file is whole or not there: it is
 * written beside its name and then given it. What an earlier attempt has written of a file is not sent again, nor is a file that is
 * there with the same size and time.
 *
 * @throws CliError `failed` that names what could not be written; TunnelError when the connection is lost
 */
export async function upload(trees: readonly LocalTree[], to: string, upload: Upload): Promise<void> {
  const destination = Buffer.from(to);
  const there = await told(upload, destination, () => upload.files.stat(destination));
  const isFolder = there !== undefined && typeOfMode(there.mode ?? 0) === 'directory';
  if (!isFolder && (trees.length > 1 || to.endsWith('/')))
    throw failed(
      upload,
      destination,
      there === undefined ? 'there is no such directory' : 'it is not a directory',
    );
  for (const tree of trees) {
    const at = isFolder ? joined(destination, tree.name) : withoutEnd(destination);
    await uploadTree(tree, at, upload);
  }
}

async function uploadTree(tree: LocalTree, at: Buffer, upload: Upload): Promise<void> {
  const made: CopiedEntry[] = [];
  for (const entry of tree.entries) {
    upload.signal.throwIfAborted();
    if (entry.type === 'directory' && (await makeFolder(joined(at, entry.path), upload))) made.push(entry);
  }
  const others = tree.entries.filter(({ type }) => type !== 'directory');
  await inParallel(others, AT_ONCE, async (entry) => {
    upload.signal.throwIfAborted();
    const path = joined(at, entry.path);
    if (entry.type === 'symlink') await told(upload, path, () => sendLink(entry, path, upload));
    else await told(upload, path, () => sendFile(tree, entry, path, upload));
  });
  // Last, from below: some modes forbid writing.
  for (const { path, mode } of made.reverse()) {
    const folder = joined(at, path);
    await told(upload, folder, () => upload.files.setAttributes(folder, { mode }));
  }
}

/** @returns whether it was not there */
async function makeFolder(path: Buffer, upload: Upload): Promise<boolean> {
  return told(upload, path, async () => {
    const there = await upload.files.lstat(path);
    if (there === undefined) {
      await upload.files.makeFolder(path, 0o700);
      return true;
    }
    const type = typeOfMode(there.mode ?? 0);
    if (type === 'directory') return false;
    const what =
      type === 'symlink' ? 'a symbolic link is there, and links are not followed' : 'it is not a directory';
    throw failed(upload, path, what);
  });
}

async function sendFile(tree: LocalTree, entry: CopiedEntry, path: Buffer, upload: Upload): Promise<void> {
  const { files } = upload;
  const there = await files.lstat(path);
  if (there !== undefined && typeOfMode(there.mode ?? 0) === 'directory')
    throw failed(upload, path, 'a directory is there');
  const { sizeBytes, mtimeSeconds, mode } = entry;
  if (isSame(there, entry)) {
    await files.setAttributes(path, { mode, mtimeSeconds });
    upload.onBytes(sizeBytes);
    return;
  }
  const { folder, name } = split(path);
  const partial = joined(folder, partialName(name, entry));
  await writePartial(joined(tree.path, entry.path), entry, partial, upload);
  await keepOwner(there, partial, upload);
  await files.setAttributes(partial, { mode, mtimeSeconds });
  await files.replace(partial, path);
}

type Attributes = Awaited<ReturnType<RemoteFiles['lstat']>>;

function isSame(there: Attributes, { sizeBytes, mtimeSeconds }: CopiedEntry): boolean {
  if (there === undefined || typeOfMode(there.mode ?? 0) !== 'file') return false;
  return there.sizeBytes === sizeBytes && there.mtimeSeconds === mtimeSeconds;
}

async function writePartial(
  from: Buffer,
  entry: CopiedEntry,
  partial: Buffer,
  upload: Upload,
): Promise<void> {
  const { files, signal, onBytes } = upload;
  const begun = await sizeOfPartial(entry, partial, upload);
  onBytes(begun ?? 0);
  const start = begun ?? 0;
  const end = entry.sizeBytes - 1;
  if (start < entry.sizeBytes || begun === undefined) {
    const content = entry.sizeBytes === 0 ? none() : createReadStream(from, { start, end, signal });
    await files.write(partial, content as AsyncIterable<Buffer>, {
      from: start,
      isNew: begun === undefined,
      onWritten: onBytes,
    });
  }
  const written = await files.lstat(partial);
  if (written?.sizeBytes !== entry.sizeBytes) {
    await files.remove(partial);
    throw failed(upload, partial, 'the file changed here while it was copied; copy it again');
  }
}

async function* none(): AsyncGenerator<Buffer> {
  // An empty file has no content.
}

/** How much of a file is there of an earlier attempt of ours; undefined where nothing is. */
async function sizeOfPartial(
  { sizeBytes }: CopiedEntry,
  partial: Buffer,
  { files }: Upload,
): Promise<number | undefined> {
  const there = await files.lstat(partial);
  if (there === undefined) return undefined;
  const home = await files.stat(Buffer.from('.'));
  // Somebody else may write in that directory, too.
  const isOurs = modeOf(there) === 0o100600 && there.uid === home?.uid;
  if (isOurs && (there.sizeBytes ?? 0) <= sizeBytes) return there.sizeBytes ?? 0;
  await files.remove(partial);
  return undefined;
}

function modeOf({ mode = 0 }: { readonly mode?: number }): number {
  return mode;
}

/** Root, who replaces the file of a user, leaves it to that user. */
async function keepOwner(there: Attributes, partial: Buffer, { files }: Upload): Promise<void> {
  if (there?.uid === undefined || there.gid === undefined || typeOfMode(there.mode ?? 0) !== 'file') return;
  const own = await files.lstat(partial);
  if (own?.uid === there.uid && own.gid === there.gid) return;
  try {
    await files.setAttributes(partial, { uid: there.uid, gid: there.gid });
  } catch (error) {
    // Others than root may not, and then it is theirs.
    if (!(error instanceof SftpError)) throw error;
  }
}

async function sendLink(entry: CopiedEntry, path: Buffer, upload: Upload): Promise<void> {
  const { target } = entry;
  if (target === undefined) return;
  const { files } = upload;
  const there = await files.lstat(path);
  const isLink = there !== undefined && typeOfMode(there.mode ?? 0) === 'symlink';
  if (isLink && (await files.readLink(path)).equals(target)) return;
  if (there !== undefined && typeOfMode(there.mode ?? 0) === 'directory')
    throw failed(upload, path, 'a directory is there');
  const { folder, name } = split(path);
  const partial = joined(folder, partialName(name, entry));
  await files.remove(partial).catch(() => undefined);
  await files.makeLink(target, partial);
  await files.replace(partial, path);
}

/** Names the file in what the host refuses. */
async function told<T>(upload: Upload, path: Buffer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SftpError) throw failed(upload, path, error.message);
    if (error instanceof RangeError)
      throw failed(upload, path, `the host sent invalid data (${error.message})`);
    throw error;
  }
}

function failed({ hostname }: Upload, path: Buffer, why: string): CliError {
  return new CliError('failed', `Could not write ${path.toString()} on ${hostname}: ${why}.`);
}

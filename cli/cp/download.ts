import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, rename, symlink, unlink } from 'node:fs/promises';
import { inParallel } from '../../base/in-parallel.js';
import { SftpError } from '../../tunnel/sftp/sftp-session.js';
import {
  type Destination,
  fileDestination,
  folderDestination,
} from '../../world/fs/copy/copy-destination.js';
import { ifThere, isErrno, type LocalFolder } from '../../world/fs/copy/local-folder.js';
import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { type CopiedEntry, joined, partialName, split } from './copied-entry.js';
import type { RemoteTree } from './list-remote-tree.js';
import type { RemoteFiles } from './remote-files.js';

/** How many files are on their way at once. */
const AT_ONCE = 8;

const MADE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const THERE = constants.O_RDWR | constants.O_NOFOLLOW;

/** What a file of no size may turn out to hold, such as those of /proc. */
const MOST_UNSIZED_BYTES = 64_000_000;

/** From where, and how to tell of it. */
export interface Download {
  readonly files: RemoteFiles;
  readonly hostname: string;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes what a host has to this machine: into a directory that is there, else to the name that is given. Nothing is written
 * through a link. A file is whole or not there; copying goes on where an earlier attempt stopped.
 *
 * @throws CliError `failed` that names what could not be written; WorldError `unsafe`; TunnelError when the connection is lost
 */
export async function download(tree: RemoteTree, to: string, download: Download): Promise<void> {
  const [whole, ...below] = tree.entries;
  if (whole === undefined) return;
  const name = tree.name.toString();
  const at = await (whole.type === 'directory' ? intoFolder(to, name) : fileDestination(to, name));
  await using folder = at.folder;
  const place = { folder, name: Buffer.from(at.name ?? name) };
  if (whole.type === 'directory')
    await writeFolder(nest(whole, below), place, { ...download, root: tree.path });
  else await writeEntry(whole, place, { ...download, root: tree.path });
}

/** A directory goes into one that is there, as `cp -r` has it. */
async function intoFolder(to: string, name: string): Promise<Destination> {
  const at = await folderDestination(to);
  return at.name === undefined ? { ...at, name } : at;
}

interface Folder {
  readonly entry: CopiedEntry;
  readonly folders: Folder[];
  readonly others: CopiedEntry[];
}

function nest(whole: CopiedEntry, below: readonly CopiedEntry[]): Folder {
  const root: Folder = { entry: whole, folders: [], others: [] };
  const folders = new Map([['', root]]);
  for (const entry of below) {
    const parent = folders.get(split(entry.path).folder.toString('latin1'));
    if (entry.type !== 'directory') parent?.others.push(entry);
    else {
      const folder: Folder = { entry, folders: [], others: [] };
      parent?.folders.push(folder);
      folders.set(entry.path.toString('latin1'), folder);
    }
  }
  return root;
}

interface Place {
  readonly folder: LocalFolder;
  readonly name: Buffer;
}

interface Writing extends Download {
  /** What is copied, on the host. */
  readonly root: Buffer;
}

async function writeFolder(
  { entry, folders, others }: Folder,
  place: Place,
  writing: Writing,
): Promise<void> {
  const { folder, isNew } = await told(place, () => openFolder(place));
  await using own = folder;
  await inParallel(others, AT_ONCE, async (one) => {
    await writeEntry(one, { folder: own, name: split(one.path).name }, writing);
  });
  for (const one of folders)
    await writeFolder(one, { folder: own, name: split(one.entry.path).name }, writing);
  // Last: some modes forbid writing.
  if (isNew) await own.handle.chmod(entry.mode);
}

async function openFolder({
  folder,
  name,
}: Place): Promise<{ readonly folder: LocalFolder; readonly isNew: boolean }> {
  const isNew = await folder
    .useNamed(name, (at) => mkdir(at, { mode: 0o700 }))
    .then(
      () => true,
      (error: unknown) => {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      },
    );
  return { folder: await folder.folderNamed(name), isNew };
}

async function writeEntry(entry: CopiedEntry, place: Place, writing: Writing): Promise<void> {
  writing.signal.throwIfAborted();
  await told(place, () =>
    entry.type === 'symlink' ? writeLink(entry, place) : writeFile(entry, place, writing),
  );
}

async function writeFile(entry: CopiedEntry, place: Place, writing: Writing): Promise<void> {
  const { folder, name } = place;
  const { sizeBytes, mtimeSeconds, mode } = entry;
  const there = await lookBefore(place);
  if (
    there?.isFile() &&
    there.size === sizeBytes &&
    sizeBytes > 0 &&
    Math.floor(there.mtimeMs / 1000) === mtimeSeconds
  ) {
    await folder.useNamed(name, (at) => chmod(at, mode));
    writing.onBytes(sizeBytes);
    return;
  }
  const partial = partialName(name, entry);
  {
    await using handle = await openPartial({ folder, name: partial }, entry);
    await fill(handle, entry, writing);
    await handle.chmod(mode);
    await handle.utimes(mtimeSeconds, mtimeSeconds);
  }
  await folder.useNamed(partial, (from) => folder.useNamed(name, (to) => rename(from, to)));
}

/** @throws CliError `failed` where something is that a file must not replace */
async function lookBefore({ folder, name }: Place) {
  const there = await ifThere(folder.useNamed(name, (at) => lstat(at)));
  if (there === undefined || there.isFile() || there.isSymbolicLink()) return there;
  const what = there.isDirectory() ? 'a directory is there' : 'a pipe, a socket or a device is there';
  throw new CliError('failed', `Could not write ${folder.path}/${name}: ${what}.`);
}

/** Opens what an earlier attempt of ours left, or a new file. */
async function openPartial({ folder, name }: Place, { sizeBytes }: CopiedEntry): Promise<FileHandle> {
  const found = await ifThere(folder.useNamed(name, (at) => open(at, THERE))).catch(() => undefined);
  if (found !== undefined) {
    const { uid, nlink, size, mode } = await found.stat();
    const isOurs = uid === process.getuid?.() && nlink === 1 && mode === 0o100600 && size <= sizeBytes;
    if (isOurs) return found;
    await found.close();
  }
  await folder.useNamed(name, (at) => unlink(at)).catch(() => undefined); // what is there in the way is told by what follows
  return folder.useNamed(name, (at) => open(at, MADE, 0o600));
}

async function fill(
  handle: FileHandle,
  entry: CopiedEntry,
  { files, root, onBytes, hostname, signal }: Writing,
): Promise<void> {
  const { size: begun } = await handle.stat();
  const source = joined(root, entry.path);
  const to = entry.sizeBytes === 0 ? MOST_UNSIZED_BYTES : entry.sizeBytes;
  onBytes(begun);
  let at = begun;
  for await (const bytes of files.read(source, { from: begun, to })) {
    signal.throwIfAborted();
    for (let done = 0; done < bytes.length; )
      done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    at += bytes.length;
    onBytes(bytes.length);
  }
  if (at >= entry.sizeBytes && (entry.sizeBytes > 0 || at < MOST_UNSIZED_BYTES)) return;
  await handle.truncate(0);
  throw new CliError(
    'failed',
    `Could not copy ${source} from ${hostname}: it changed while it was copied. Copy it again.`,
  );
}

async function writeLink({ target }: CopiedEntry, place: Place): Promise<void> {
  if (target === undefined) return;
  const { folder, name } = place;
  await lookBefore(place);
  const partial = Buffer.concat([
    Buffer.from('.'),
    name.subarray(0, 100),
    Buffer.from(`.hawser-${process.pid}.partial`),
  ]);
  await folder.useNamed(partial, (at) => unlink(at)).catch(() => undefined);
  await folder.useNamed(partial, (at) => symlink(target, at));
  await folder.useNamed(partial, (from) => folder.useNamed(name, (to) => rename(from, to)));
}

/** Names what could not be written, or read. */
async function told<T>({ folder, name }: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const at = `${folder.path}/${name}`;
    if (error instanceof SftpError)
      throw new CliError('failed', `Could not read what becomes ${at}: ${error.message}.`);
    if (error instanceof RangeError)
      throw new CliError(
        'failed',
        `Could not read what becomes ${at}: the host sent invalid data (${error.message}).`,
      );
    if (isErrno(error, 'ELOOP', 'ENOTDIR'))
      throw new CliError(
        'failed',
        `Could not write below ${at}: it is no directory here, and links are not followed.`,
      );
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new CliError('failed', `Could not write ${at}: ${explainFileError(error)}.`, { cause: error });
  }
}

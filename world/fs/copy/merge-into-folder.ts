import { constants, type Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { WorldError } from '../../errors.js';
import type { FileNode, SymlinkNode } from '../tree/tree-node.js';
import { isErrno, type LocalFolder } from './local-folder.js';
import { type Branch, entriesIn, isBranch } from './nest-entries.js';
import { setAttributes, setFolders } from './write-entries.js';

/** A directory of this machine, and what of the World goes there. */
export interface Merge {
  readonly into: LocalFolder;
  readonly branch: Branch;
}

/**
 * Refuses, before anything is fetched, what cannot be written: a directory where something else is, or the other way round.
 * Files and links are replaced, never followed; what is neither is left alone.
 * @throws WorldError `unsafe` for links, pipes, sockets and devices; `conflict`
 */
export async function checkMerge({ into, branch }: Merge, signal: AbortSignal | undefined): Promise<void> {
  const there = await into.use('.', (at) => readdir(at, { withFileTypes: true }));
  for (const found of there) {
    const entry = branch.entries.get(found.name);
    if (entry === undefined) continue;
    signal?.throwIfAborted();
    const refusal = objection(`${into.path}/${found.name}`, found, isBranch(entry));
    if (refusal !== undefined) throw refusal;
    if (!isBranch(entry)) continue;
    await using folder = await into.folder(found.name);
    await checkMerge({ into: folder, branch: entry }, signal);
  }
}

function objection(at: string, found: Dirent, isFolder: boolean): WorldError | undefined {
  if (found.isDirectory()) {
    if (isFolder) return undefined;
    return new WorldError(
      'conflict',
      `Could not write ${at}: it is a directory here. Remove it, or choose another.`,
    );
  }
  if (found.isSymbolicLink() && isFolder) {
    const message = `Could not write below ${at}: it is a symbolic link here, and links are not followed. Remove it, or choose another directory.`;
    return new WorldError('unsafe', message);
  }
  if (found.isSymbolicLink()) return undefined;
  if (!found.isFile()) {
    const message = `Could not write ${at}: it is a pipe, a socket or a device. Remove it, or choose another place.`;
    return new WorldError('unsafe', message);
  }
  if (!isFolder) return undefined;
  return new WorldError(
    'conflict',
    `Could not write below ${at}: it is a file here. Remove it, or choose another directory.`,
  );
}

/**
 * Moves what was written to a staging directory to where it belongs. Directories that are there keep their modes.
 * @param staged the directory whose entries are those of the branch.
 */
export async function mergeIntoFolder(
  { into, branch }: Merge,
  staged: LocalFolder,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [name, entry] of branch.entries) {
    signal?.throwIfAborted();
    if (isBranch(entry)) await mergeFolder({ into, branch: entry }, { staged, name }, signal);
    else await moveLeaf(into, { staged, name }, entry);
  }
}

interface Staged {
  readonly staged: LocalFolder;
  readonly name: string;
}

async function mergeFolder(
  { into, branch }: Merge,
  { staged, name }: Staged,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using source = await staged.folder(name);
  const there = await into.folder(name).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw appeared(error, `${into.path}/${name}`);
  });
  if (there !== undefined) {
    await using folder = there;
    await mergeIntoFolder({ into: folder, branch }, source, signal);
    return;
  }
  try {
    await setFolders(source, [...entriesIn(branch)], signal);
    await staged.useBoth(name, { folder: into, name }, rename);
    await setAttributes(source.handle, branch.node);
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw appeared(error, `${into.path}/${name}`);
    await into.use(name, (at) => mkdir(at, { mode: 0o700 }));
    await using folder = await into.folder(name);
    await mergeIntoFolder({ into: folder, branch }, source, signal);
    await setAttributes(folder.handle, branch.node);
  }
}

async function moveLeaf(
  into: LocalFolder,
  { staged, name }: Staged,
  node: FileNode | SymlinkNode,
): Promise<void> {
  try {
    await staged.useBoth(name, { folder: into, name }, rename);
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw appeared(error, `${into.path}/${name}`);
    await copyLeaf(into, { staged, name }, node);
  }
}

/** Where another file system is mounted below the directory: to a new name there, and renamed. */
async function copyLeaf(
  into: LocalFolder,
  { staged, name }: Staged,
  node: FileNode | SymlinkNode,
): Promise<void> {
  const partial = `.hawser-${process.pid}.${name.slice(0, 40)}.partial`;
  try {
    if (node.type === 'symlink') {
      const target = await staged.use(name, (at) => readlink(at));
      await into.use(partial, (at) => symlink(target, at));
    } else {
      await using source = await staged.use(name, (at) =>
        open(at, constants.O_RDONLY | constants.O_NOFOLLOW),
      );
      await using made = await into.use(partial, (at) => open(at, MADE, 0o600));
      await copyContents(source, made);
      await setAttributes(made, node);
    }
    await into.useBoth(partial, { folder: into, name }, rename);
  } catch (error) {
    await into.use(partial, (at) => unlink(at)).catch(() => undefined); // what failed first is told
    throw error;
  }
}

const MADE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

async function copyContents(source: FileHandle, made: FileHandle): Promise<void> {
  for await (const chunk of source.createReadStream({ autoClose: false })) await made.appendFile(chunk);
}

/** What came in between the look and the move. */
function appeared(error: unknown, at: string): unknown {
  if (!isErrno(error, 'ENOTDIR', 'ELOOP', 'EISDIR', 'EEXIST', 'ENOTEMPTY')) return error;
  const message = `Could not write ${at}: something else is there. Remove it, or choose another place.`;
  return new WorldError('unsafe', message, { cause: error });
}

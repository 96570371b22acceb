import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync } from 'node:fs';
import { readdir, readlink, rmdir, unlink } from 'node:fs/promises';
import { sha256 } from '../blocks/block-codec.js';
import { bytesOfName, textOfName } from '../tree/byte-names.js';
import type { FileNode, SymlinkNode } from '../tree/tree-node.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { isErrno, type LocalFolder } from './local-folder.js';
import { PERMISSIONS, type TreeEntry } from './write-entries.js';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Makes a directory that somebody else may have written to, and still hold open, ours alone, and removes from it whatever is
 * not as a tree has it.
 * @returns the entries of the tree that are missing now, in their order
 * @throws an error of the file system, and leaves the directory, with less in it, to its owner
 */
export async function keepSameEntries(
  folder: LocalFolder,
  entries: readonly TreeEntry[],
  signal: AbortSignal | undefined,
): Promise<TreeEntry[]> {
  const wanted = new Map(entries);
  const kept = new Set<string>();
  const pace = new EventLoopYielder(signal, 1);
  const keep = async (at: LocalFolder, prefix: string): Promise<void> => {
    for (const name of await seize(at)) {
      if (pace.isDue()) await pace.rest();
      const path = prefix + name;
      const node = wanted.get(path);
      if (node?.type === 'directory') {
        await using below = await folderIn(at, name);
        if (below === undefined) continue;
        await keep(below, `${path}/`);
      } else if (node === undefined || !(await isSame(at, name, node))) {
        await remove(at, name);
        continue;
      }
      kept.add(path);
    }
  };
  const { uid, gid } = await folder.handle.stat();
  try {
    await keep(folder, '');
  } catch (error) {
    // It stays whose it was: nobody should remove what is in it with more rights than theirs.
    await folder.handle.chown(uid, gid);
    throw error;
  }
  return entries.filter(([path]) => !kept.has(path));
}

/** From here on nobody else puts anything into it, or replaces what is there. @returns what is */
async function seize(folder: LocalFolder): Promise<string[]> {
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  if (uid !== undefined && gid !== undefined) await folder.handle.chown(uid, gid);
  // After that: whose it was could take it back.
  await folder.handle.chmod(0o700);
  const names = await folder.use('.', (at) => readdir(at, { encoding: 'buffer' }));
  return names.map(textOfName);
}

/** What has the name of a directory, but is none, is removed. */
async function folderIn(folder: LocalFolder, name: string): Promise<LocalFolder | undefined> {
  try {
    return await folder.folder(name);
  } catch (error) {
    if (!isErrno(error, 'ENOTDIR', 'ELOOP')) throw error;
    await folder.use(name, (at) => unlink(at));
    return undefined;
  }
}

/** Directory by directory, so that no link that takes the place of one is followed. */
async function remove(folder: LocalFolder, name: string): Promise<void> {
  await using below = await folderIn(folder, name);
  if (below === undefined) return;
  for (const one of await seize(below)) await remove(below, one);
  await folder.use(name, (at) => rmdir(at));
}

async function isSame(folder: LocalFolder, name: string, node: FileNode | SymlinkNode): Promise<boolean> {
  if (node.type === 'file') return isSameFile(folder, name, node);
  try {
    const target = await folder.use(name, (at) => readlink(at, { encoding: 'buffer' }));
    return target.equals(bytesOfName(node.target));
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return false; // no link
    throw error;
  }
}

/** A file of a second name is not ours alone. */
function isSameFile(folder: LocalFolder, name: string, { mode, sizeBytes, blocks }: FileNode): boolean {
  let file: number;
  try {
    file = folder.useNow(name, (at) => openSync(at, READ));
  } catch (error) {
    if (isErrno(error, 'ELOOP', 'EACCES', 'ENXIO')) return false; // a link, unreadable, a socket
    throw error;
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.nlink !== 1 || found.size !== sizeBytes) return false;
    let position = 0;
    for (const { hash, length } of blocks) {
      const data = Buffer.allocUnsafe(length);
      if (readSync(file, data, 0, length, position) !== length || sha256(data) !== hash) return false;
      position += length;
    }
    if ((found.mode & 0o7777) !== (mode & PERMISSIONS)) fchmodSync(file, mode & PERMISSIONS);
    return true;
  } finally {
    closeSync(file);
  }
}

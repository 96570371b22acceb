import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../../errors.js';
import { ifThere, LocalFolder } from './local-folder.js';

/** Where something goes: into a directory that is there, or to a name in it. */
export interface Destination {
  readonly folder: LocalFolder;
  /** Undefined where what is copied is merged into the directory itself. */
  readonly name: string | undefined;
  /** As the person may find it. */
  readonly path: string;
}

/** For a directory: the one that is named, wherever that path leads, or a new one. Directories above it are made. */
export async function folderDestination(local: string): Promise<Destination> {
  const there = await look(local);
  if (there?.isDirectory() === true)
    return { folder: await LocalFolder.open(local), name: undefined, path: local };
  if (there !== undefined) throw refused(local, 'it is not a directory');
  const whole = path.resolve(local);
  await mkdir(path.dirname(whole), { recursive: true });
  return { folder: await LocalFolder.open(path.dirname(whole)), name: path.basename(whole), path: local };
}

/** For a file: the name that is given, or `name` in the directory that is given. As with `cp`, a link that is named is followed. */
export async function fileDestination(local: string, name: string): Promise<Destination> {
  const there = await look(local);
  if (there?.isDirectory() === true)
    return { folder: await LocalFolder.open(local), name, path: path.join(local, name) };
  if (there !== undefined && !there.isFile())
    throw refused(local, 'it is a pipe, a socket or a device; - writes to standard output');
  if (there === undefined && local.endsWith('/')) throw refused(local, 'there is no such directory');
  const whole = there === undefined ? path.resolve(local) : await realpath(local);
  return { folder: await LocalFolder.open(path.dirname(whole)), name: path.basename(whole), path: local };
}

/** @throws WorldError `unsafe` for a link that leads nowhere, as `cp` refuses to write through it. */
async function look(local: string) {
  const there = await ifThere(stat(local));
  if (there === undefined && (await ifThere(lstat(local))) !== undefined)
    throw refused(local, 'it is a dangling symbolic link');
  return there;
}

function refused(local: string, why: string): WorldError {
  return new WorldError('unsafe', `Could not write ${local}: ${why}. Choose another place.`);
}

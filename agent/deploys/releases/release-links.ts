import { readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { flushToDisk } from './flush-tree-to-disk.js';
import { idOf } from './release-names.js';

type ReleaseLink = 'current' | 'last-healthy';

/** The release that a link of an app names. */
export async function readReleaseLink(app: string, link: ReleaseLink): Promise<string | undefined> {
  try {
    const name = path.basename(await readlink(path.join(app, link)));
    return Number.isSafeInteger(idOf(name)) ? name : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Lets a link of an app name a release, also for whoever looks after a power failure; undefined removes it. */
export async function writeReleaseLink(
  app: string,
  link: ReleaseLink,
  name: string | undefined,
): Promise<void> {
  const file = path.join(app, link);
  if (name === undefined) {
    await rm(file, { force: true });
  } else {
    await rm(`${file}.next`, { force: true });
    await symlink(path.join('releases', name), `${file}.next`);
    await rename(`${file}.next`, file);
  }
  await flushToDisk(app).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error; // an app that was never here
  });
}

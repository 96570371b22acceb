import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import type { LocalFolder } from './local-folder.js';

/**
 * A temporary directory inside the target directory. Nobody else can enter it, so its contents are private, and they can be
 * moved into place by renaming, which replaces a link instead of following it. Closing it removes it with its contents.
 */
export class StagingFolder implements AsyncDisposable {
  readonly folder: LocalFolder;
  /** In its parent. */
  readonly name: string;
  readonly #parent: LocalFolder;

  static async in(parent: LocalFolder): Promise<StagingFolder> {
    const name = `.hawser-${randomBytes(6).toString('hex')}.partial`;
    await parent
      .use(name, (at) => mkdir(at, { mode: 0o700 }))
      .catch((error: Error) => {
        // The person knows the directory that cannot be written to, not the name that was tried in it.
        throw Object.assign(error, { path: parent.path });
      });
    return new StagingFolder(parent, name, await parent.folder(name));
  }

  private constructor(parent: LocalFolder, name: string, folder: LocalFolder) {
    this.#parent = parent;
    this.name = name;
    this.folder = folder;
  }

  /** Never fails: what kept us from writing matters more than what stays behind, whose name says what it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove().catch(() => undefined);
  }

  async #remove(): Promise<void> {
    await using folder = this.folder;
    // Name by name from the open directory: another user who can write beside it may have put something else in its place.
    for (const name of await folder.use('.', (at) => readdir(at))) await folder.use(name, (at) => remove(at));
    await this.#parent.use(this.name, (at) => rmdir(at));
  }
}

const SLASH = Buffer.from('/');

/** Removes what lies in a staging directory, also directories whose own modes forbid it. */
async function remove(at: string | Buffer): Promise<void> {
  try {
    await rm(at, { recursive: true, force: true });
  } catch {
    await openUp(at);
    await rm(at, { recursive: true, force: true });
  }
}

async function openUp(folder: string | Buffer): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' }))
    if (entry.isDirectory()) await openUp(Buffer.concat([Buffer.from(folder), SLASH, entry.name]));
}

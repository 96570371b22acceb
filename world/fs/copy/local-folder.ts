import { constants, existsSync, fstatSync, lstatSync } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../../errors.js';
import { pathOnDisk } from '../tree/byte-names.js';

/**
 * How names in an open directory are reached: by its descriptor, so that nobody can put another directory in its place; or,
 * where the system has no way to do that, by its path, looked at each time.
 */
export type Reach = 'descriptor' | 'path';

const BEST_REACH: Reach = process.platform === 'linux' && existsSync('/proc/self/fd') ? 'descriptor' : 'path';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open directory of this machine. Below it no symbolic link is followed: its contents are reached name by name. */
export class LocalFolder implements AsyncDisposable {
  /** As errors name it. */
  readonly path: string;
  /** For its attributes. */
  readonly handle: FileHandle;
  readonly #reach: Reach;

  /** Opens the directory that a person named, wherever the links in that path lead. */
  static async open(named: string, reach: Reach = BEST_REACH): Promise<LocalFolder> {
    const real = await realpath(named);
    return new LocalFolder(real, await open(real, FOLDER), reach);
  }

  private constructor(at: string, handle: FileHandle, reach: Reach) {
    this.path = at;
    this.handle = handle;
    this.#reach = reach;
  }

  /** Opens a directory in this one. @throws an error with the code `ENOTDIR` or `ELOOP` for a link and what else is none. */
  async folder(name: string): Promise<LocalFolder> {
    const handle = await this.use(name, (at) => open(at, FOLDER));
    return new LocalFolder(path.join(this.path, name), handle, this.#reach);
  }

  /** As {@link folder}, for a name that need not be UTF-8. */
  async folderNamed(name: Buffer): Promise<LocalFolder> {
    const handle = await this.useNamed(name, (at) => open(at, FOLDER));
    return new LocalFolder(path.join(this.path, name.toString()), handle, this.#reach);
  }

  /** As {@link use}, for a name that need not be UTF-8. */
  useNamed<T>(name: Buffer, call: (at: Buffer) => Promise<T>): Promise<T> {
    return this.use('', (at) => call(Buffer.concat([Buffer.from(at), name])));
  }

  /**
   * Makes one call with the path of a name in this directory; the call must not follow a link of that name. Only where
   * all that lies below is ours alone may `name` hold slashes.
   * @throws what the call throws, with a path that a person knows; WorldError `unsafe` when another directory is here now.
   */
  async use<T>(name: string, call: (at: string | Buffer) => Promise<T>): Promise<T> {
    const place = this.#place();
    const at = pathOnDisk(`${place}/${name}`);
    try {
      return await call(at);
    } catch (error) {
      throw named(error, { [place]: this.path });
    }
  }

  /** As {@link use}, for calls that return at once: on small files they take a fraction of the time of others. */
  useNow<T>(name: string, call: (at: string | Buffer) => T): T {
    const place = this.#place();
    try {
      return call(pathOnDisk(`${place}/${name}`));
    } catch (error) {
      throw named(error, { [place]: this.path });
    }
  }

  /** As {@link use}, for a name here and one in another directory. */
  useBoth<T>(
    name: string,
    { folder, name: other }: { readonly folder: LocalFolder; readonly name: string },
    call: (at: string | Buffer, otherAt: string | Buffer) => Promise<T>,
  ): Promise<T> {
    return this.use(name, (at) => folder.use(other, (otherAt) => call(at, otherAt)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }

  #place(): string {
    if (this.#reach === 'descriptor') return `/proc/self/fd/${this.handle.fd}`;
    const [own, there] = [fstatSync(this.handle.fd), lstatSync(pathOnDisk(this.path))];
    if (own.dev === there.dev && own.ino === there.ino) return this.path;
    const message = `${this.path} was replaced by something else while it was in use: check who can write there.`;
    throw new WorldError('unsafe', message);
  }
}

/** What is there, of a call that finds out; undefined where nothing is. */
export async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Puts paths that mean something in the place of those by which descriptors are reached. */
function named(error: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Error) || !('path' in error)) return error;
  for (const [from, to] of Object.entries(names)) {
    const replace = (text: unknown): string => String(text).replaceAll(`${from}/`, `${to}/`);
    error.message = replace(error.message);
    error.path = replace(error.path);
    if ('dest' in error) error.dest = replace(error.dest);
  }
  return error;
}

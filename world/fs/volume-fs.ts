import type { CallOptions } from '../world.js';
import { copyIn } from './copy-in.js';
import { copyOut } from './copy-out.js';
import type { Draft } from './draft.js';
import { FileHandle, FolderHandle, partsOf } from './file-handle.js';
import { type OpenFlag, parseFlags } from './flags.js';
import { FsError, type FsErrorPlace, namingPlace } from './fs-error.js';
import { listFolder } from './list-folder.js';
import type { Node } from './node.js';
import { OpenFiles } from './open-files.js';
import { removing, unlinking } from './removal.js';
import { direntOf, type FsDirent, FsStats } from './stats.js';
import type { Change, Volume } from './volume.js';
import type { CopyOptions, CopyResult, FileData, FsHandle, WorldFs, WriteFileOptions } from './world-fs.js';

type ReaddirOptions = CallOptions & { readonly recursive?: boolean; readonly withFileTypes?: boolean };

/** {@link WorldFs} over a volume, in etcd or in memory. */
export class VolumeFs implements WorldFs {
  readonly uri: string;
  readonly #volume: Volume;
  readonly #open: OpenFiles;

  constructor(uri: string, volume: Volume) {
    this.uri = uri;
    this.#volume = volume;
    this.#open = new OpenFiles(volume);
  }

  async open(
    path: string,
    flags: OpenFlag = 'r',
    mode = 0o666,
    options: CallOptions = {},
  ): Promise<FsHandle> {
    const wanted = parseFlags(flags);
    const place = { syscall: 'open', path };
    const opening = (draft: Draft) => namingPlace(place, () => draft.open(path, wanted, mode));
    const looking = (draft: Draft) => namingPlace(place, () => draft.whereToOpen(path, wanted));
    const found = await this.#volume.look(looking, options);
    if (this.#volume.storage.isReadOnly && (wanted.write || found.node === undefined))
      throw new FsError('EROFS', place);
    const isThere = found.node !== undefined && !wanted.truncate;
    const { path: at, node } = isThere ? found : await this.#change(place, opening, options);
    if (node?.type !== 'file')
      return new FolderHandle(node ?? { type: 'directory', mode: 0, entries: new Map() });
    const file = this.#open.open(at, node);
    if (wanted.truncate) file.replaced(node);
    return new FileHandle(file, wanted, options, () => this.#open.release(file));
  }

  readFile(
    path: string,
    options: (CallOptions & { readonly encoding: BufferEncoding }) | BufferEncoding,
  ): Promise<string>;
  readFile(path: string, options?: CallOptions): Promise<Buffer>;
  async readFile(
    path: string,
    options: (CallOptions & { readonly encoding?: BufferEncoding }) | BufferEncoding = {},
  ): Promise<string | Buffer> {
    const { encoding, ...call } = typeof options === 'string' ? { encoding: options } : options;
    await using handle = await this.open(path, 'r', undefined, call);
    const data = await handle.readFile();
    return encoding === undefined ? data : data.toString(encoding);
  }

  async *readStream(path: string, options: CallOptions = {}): AsyncGenerator<Buffer> {
    const node = await this.#find({ syscall: 'open', path }, options);
    if (node.type === 'directory') throw new FsError('EISDIR', { syscall: 'read' });
    await using handle = await this.open(path, 'r', undefined, options);
    const chunk = 1 << 20;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunk));
      if (bytesRead === 0) return;
      yield Buffer.from(buffer.buffer, buffer.byteOffset, bytesRead);
    }
  }

  async writeFile(
    path: string,
    data: FileData,
    options: WriteFileOptions | BufferEncoding = {},
  ): Promise<void> {
    const {
      encoding = 'utf8',
      mode,
      flag = 'w',
      ...call
    } = typeof options === 'string' ? { encoding: options } : options;
    await using handle = await this.open(path, flag, mode, call);
    const encode = (part: string | Uint8Array) =>
      typeof part === 'string' ? Buffer.from(part, encoding) : part;
    for await (const part of partsOf(data)) await handle.writeFile(encode(part));
    await handle.close();
  }

  appendFile(path: string, data: FileData, options: WriteFileOptions | BufferEncoding = {}): Promise<void> {
    const given = typeof options === 'string' ? { encoding: options } : options;
    return this.writeFile(path, data, { flag: 'a', ...given });
  }

  async truncate(path: string, length = 0, options: CallOptions = {}): Promise<void> {
    await using handle = await this.open(path, 'r+', undefined, options);
    await handle.truncate(length);
    await handle.close();
  }

  async stat(path: string, options: CallOptions = {}): Promise<FsStats> {
    return new FsStats(await this.#find({ syscall: 'stat', path }, options));
  }

  async lstat(path: string, options: CallOptions = {}): Promise<FsStats> {
    return new FsStats(await this.#find({ syscall: 'lstat', path }, options, false));
  }

  async access(path: string, options: CallOptions = {}): Promise<void> {
    await this.#find({ syscall: 'access', path }, options);
  }

  async chmod(path: string, mode: number, options: CallOptions = {}): Promise<void> {
    const change = (node: Node): Node => (node.type === 'symlink' ? node : { ...node, mode: mode & 0o7777 });
    await this.#change({ syscall: 'chmod', path }, (draft) => draft.alter(path, change), options);
  }

  async utimes(
    path: string,
    _atime: number | Date,
    mtime: number | Date,
    options: CallOptions = {},
  ): Promise<void> {
    const mtimeMs = typeof mtime === 'number' ? mtime * 1000 : mtime.getTime();
    const change = (node: Node): Node => ({ ...node, mtimeMs });
    await this.#change({ syscall: 'utime', path }, (draft) => draft.alter(path, change), options);
  }

  mkdir(
    path: string,
    { recursive = false, mode = 0o777, ...call }: CallOptions & { recursive?: boolean; mode?: number } = {},
  ): Promise<string | undefined> {
    return this.#change(
      { syscall: 'mkdir', path },
      (draft) => draft.makeDirectory(path, mode, recursive),
      call,
    );
  }

  readdir(path: string, options: ReaddirOptions & { readonly withFileTypes: true }): Promise<FsDirent[]>;
  readdir(path: string, options?: CallOptions & { readonly recursive?: boolean }): Promise<string[]>;
  async readdir(path: string, options: ReaddirOptions = {}): Promise<FsDirent[] | string[]> {
    const { recursive = false, withFileTypes = false, ...call } = options;
    const step: Change<[string, Node][]> = (draft) => {
      const node = draft.find(path, true);
      if (node.type !== 'directory') throw new FsError('ENOTDIR', { syscall: 'scandir', path });
      return [...listFolder(node, { draft, recursive })];
    };
    const found = await this.#look({ syscall: 'scandir', path }, step, call);
    return withFileTypes
      ? found.map(([name, node]) => direntOf(path, name, node))
      : found.map(([name]) => name);
  }

  async rename(from: string, to: string, options: CallOptions = {}): Promise<void> {
    const place = { syscall: 'rename', path: from, dest: to };
    const moved = await this.#change(place, (draft) => draft.rename(from, to), options);
    if (moved !== undefined) this.#open.moved(moved.from, moved.to);
  }

  async rm(
    path: string,
    {
      recursive = false,
      force = false,
      ...call
    }: CallOptions & { recursive?: boolean; force?: boolean } = {},
  ): Promise<void> {
    const removed = await this.#change(
      { syscall: 'rm', path },
      removing(path, { recursive, force }),
      call,
    ).catch((error: unknown) => {
      // Node looks with lstat first.
      if (error instanceof FsError && error.code !== 'ERR_FS_EISDIR')
        throw new FsError(error.code, { syscall: 'lstat', path });
      throw error;
    });
    if (removed !== undefined) this.#open.removed(removed);
  }

  async rmdir(path: string, options: CallOptions = {}): Promise<void> {
    await this.#change({ syscall: 'rmdir', path }, (draft) => draft.removeDirectory(path), options);
  }

  async unlink(path: string, options: CallOptions = {}): Promise<void> {
    const removed = await this.#change({ syscall: 'unlink', path }, unlinking(path), options);
    if (removed !== undefined) this.#open.removed(removed);
  }

  async symlink(target: string, path: string, options: CallOptions = {}): Promise<void> {
    const place = { syscall: 'symlink', path: target, dest: path };
    await this.#change(place, (draft) => draft.symlink(target, path), options);
  }

  async readlink(path: string, options: CallOptions = {}): Promise<string> {
    const place = { syscall: 'readlink', path };
    const node = await this.#find(place, options, false);
    if (node.type !== 'symlink') throw new FsError('EINVAL', place);
    return node.target;
  }

  copyIn(local: string, path: string, options: CopyOptions = {}): Promise<CopyResult> {
    return copyIn(this.#volume, local, path, options);
  }

  copyOut(path: string, local: string, options: CopyOptions = {}): Promise<CopyResult> {
    return copyOut(this.#volume, path, local, options);
  }

  async batch<T>(work: () => Promise<T>, options: CallOptions = {}): Promise<T> {
    if (this.#volume.isDeferred) return work();
    await this.#volume.defer(options);
    try {
      const result = await work();
      await this.#volume.flush(options);
      return result;
    } finally {
      await this.#volume.discard();
    }
  }

  defer(options: CallOptions = {}): Promise<void> {
    return this.#volume.defer(options);
  }

  flush(options: CallOptions = {}): Promise<void> {
    return this.#volume.flush(options);
  }

  /** What is there, with what was written to it here and is not stored yet. */
  #find(place: FsErrorPlace & { readonly path: string }, call: CallOptions, follow = true): Promise<Node> {
    const step: Change<Node> = (draft) => {
      const { parents, name, node } = draft.walk(place.path, follow);
      if (node === undefined) throw new FsError('ENOENT', place);
      return node.type === 'file' && name !== undefined
        ? this.#open.asWritten([...parents, name], node)
        : node;
    };
    return this.#look(place, step, call);
  }

  #look<T>(place: FsErrorPlace, step: Change<T>, call: CallOptions): Promise<T> {
    return this.#volume.look((draft) => namingPlace(place, () => step(draft)), call);
  }

  #change<T>(place: FsErrorPlace, step: Change<T>, call: CallOptions): Promise<T> {
    if (this.#volume.storage.isReadOnly) return Promise.reject(new FsError('EROFS', place));
    return this.#volume.change((draft) => namingPlace(place, () => step(draft)), call);
  }
}

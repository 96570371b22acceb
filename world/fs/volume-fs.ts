import type { CallOptions } from '../call-options.js';
import { copyIn } from './copy/copy-in.js';
import { copyOut } from './copy/copy-out.js';
import { direntOf, type FsDirent, FsStats } from './file-stats.js';
import { FileHandle, FolderHandle } from './files/file-handle.js';
import { OpenFileTable } from './files/open-file-table.js';
import { type OpenFlag, parseFlags } from './files/open-flags.js';
import { readFile, readStream, truncate, writeFile } from './files/read-write-whole-file.js';
import { FsError, type FsErrorContext, inContext } from './fs-error.js';
import { listFolder, listRecursively } from './tree/list-recursively.js';
import { measureSize } from './tree/measure-size.js';
import type { Node } from './tree/tree-node.js';
import type { Change, Volume } from './volume.js';
import type { FsHandle, FsSize, WorldFs } from './world-fs.js';

type ReaddirOptions = CallOptions & {
  readonly recursive?: boolean | undefined;
  readonly withFileTypes?: boolean | undefined;
};

/** {@link WorldFs} over a volume, in etcd or in memory. */
export class VolumeFs implements WorldFs {
  readonly uri: string;
  readonly #volume: Volume;
  readonly #opened: OpenFileTable;

  constructor(uri: string, volume: Volume) {
    this.uri = uri;
    this.#volume = volume;
    this.#opened = new OpenFileTable(volume);
  }

  async open(
    path: string,
    flags: OpenFlag = 'r',
    mode = 0o666,
    options: CallOptions = {},
  ): Promise<FsHandle> {
    const wanted = parseFlags(flags);
    const context = { syscall: 'open', path };
    const found = await this.#look(context, (draft) => draft.whereToOpen(path, wanted), options);
    if (this.#volume.storage.isReadOnly && (wanted.write || found.node === undefined))
      throw new FsError('EROFS', context);
    const isThere = found.node !== undefined && !wanted.truncate;
    const { path: at, node } = isThere
      ? found
      : await this.#change(context, (draft) => draft.open(path, wanted, mode), options);
    if (node?.type !== 'file')
      return new FolderHandle(node ?? { type: 'directory', mode: 0, entries: new Map() });
    const file = this.#opened.open(at, node);
    if (wanted.truncate) file.replaced(node);
    return new FileHandle(file, wanted, options, () => this.#opened.release(file));
  }

  readonly readFile = ((...args) => readFile(this, ...args)) as WorldFs['readFile'];
  readonly readStream: WorldFs['readStream'] = (...args) => readStream(this, ...args);
  readonly writeFile: WorldFs['writeFile'] = (...args) => writeFile(this, ...args);
  readonly appendFile: WorldFs['appendFile'] = (path, data, options = {}) => {
    const given = typeof options === 'string' ? { encoding: options } : options;
    return writeFile(this, path, data, { flag: 'a', ...given });
  };
  readonly truncate: WorldFs['truncate'] = (path, length = 0, options = {}) =>
    truncate(this, path, length, options);

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
    {
      recursive = false,
      mode = 0o777,
      ...call
    }: CallOptions & { recursive?: boolean | undefined; mode?: number | undefined } = {},
  ): Promise<string | undefined> {
    return this.#change(
      { syscall: 'mkdir', path },
      (draft) => draft.makeDirectory(path, mode, recursive),
      call,
    );
  }

  readdir(path: string, options: ReaddirOptions & { readonly withFileTypes: true }): Promise<FsDirent[]>;
  readdir(
    path: string,
    options?: CallOptions & { readonly recursive?: boolean | undefined },
  ): Promise<string[]>;
  async readdir(path: string, options: ReaddirOptions = {}): Promise<FsDirent[] | string[]> {
    const { recursive = false, withFileTypes = false, ...call } = options;
    const node = await this.#find({ syscall: 'scandir', path }, call);
    if (node.type !== 'directory') throw new FsError('ENOTDIR', { syscall: 'scandir', path });
    const found = recursive
      ? await listRecursively(this.#volume, node, { ...call, name: path })
      : await listFolder(this.#volume, node, call);
    return withFileTypes
      ? found.map(([name, node]) => direntOf(path, name, node))
      : found.map(([name]) => name);
  }

  async size(path: string, options: CallOptions = {}): Promise<FsSize> {
    const node = await this.#find({ syscall: 'stat', path }, options);
    if (node.type === 'file') return { files: 1, sizeBytes: node.sizeBytes };
    if (node.type === 'symlink') return { files: 0, sizeBytes: 0 };
    const { files, sizeBytes } = await measureSize(this.#volume, node, { ...options, name: path });
    return { files, sizeBytes };
  }

  async rename(from: string, to: string, options: CallOptions = {}): Promise<void> {
    const context = { syscall: 'rename', path: from, dest: to };
    const moved = await this.#change(context, (draft) => draft.rename(from, to), options);
    if (moved !== undefined) this.#opened.moved(moved.from, moved.to);
  }

  async rm(
    path: string,
    {
      recursive = false,
      force = false,
      ...call
    }: CallOptions & { recursive?: boolean | undefined; force?: boolean | undefined } = {},
  ): Promise<void> {
    const removed = await this.#change(
      { syscall: 'rm', path },
      (draft) => draft.remove(path, { recursive, force }),
      call,
    ).catch((error: unknown) => {
      // Node looks with lstat first.
      if (error instanceof FsError && error.code !== 'ERR_FS_EISDIR')
        throw new FsError(error.code, { syscall: 'lstat', path });
      throw error;
    });
    if (removed !== undefined) this.#opened.removed(removed);
  }

  async rmdir(path: string, options: CallOptions = {}): Promise<void> {
    await this.#change({ syscall: 'rmdir', path }, (draft) => draft.removeDirectory(path), options);
  }

  async unlink(path: string, options: CallOptions = {}): Promise<void> {
    const removed = await this.#change({ syscall: 'unlink', path }, (draft) => draft.unlink(path), options);
    if (removed !== undefined) this.#opened.removed(removed);
  }

  async symlink(target: string, path: string, options: CallOptions = {}): Promise<void> {
    const context = { syscall: 'symlink', path: target, dest: path };
    await this.#change(context, (draft) => draft.symlink(target, path), options);
  }

  async readlink(path: string, options: CallOptions = {}): Promise<string> {
    const context = { syscall: 'readlink', path };
    const node = await this.#find(context, options, false);
    if (node.type !== 'symlink') throw new FsError('EINVAL', context);
    return node.target;
  }

  readonly copyIn: WorldFs['copyIn'] = (local, path, options = {}) =>
    copyIn(this.#volume, local, path, options);
  readonly copyOut: WorldFs['copyOut'] = (path, local, options = {}) =>
    copyOut(this.#volume, path, local, options);

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

  readonly defer: WorldFs['defer'] = (options = {}) => this.#volume.defer(options);
  readonly flush: WorldFs['flush'] = (options = {}) => this.#volume.flush(options);

  /** What is there, with what was written to it here and is not stored yet. */
  #find(
    context: FsErrorContext & { readonly path: string },
    call: CallOptions,
    follow = true,
  ): Promise<Node> {
    const step: Change<Node> = (draft) => {
      const { parents, name, node } = draft.walk(context.path, follow);
      if (node === undefined) throw new FsError('ENOENT', context);
      return node.type === 'file' && name !== undefined
        ? this.#opened.asWritten([...parents, name], node)
        : node;
    };
    return this.#look(context, step, call);
  }

  #look<T>(context: FsErrorContext, step: Change<T>, call: CallOptions): Promise<T> {
    return this.#volume.look((draft) => inContext(context, () => step(draft)), call);
  }

  #change<T>(context: FsErrorContext, step: Change<T>, call: CallOptions): Promise<T> {
    if (this.#volume.storage.isReadOnly) return Promise.reject(new FsError('EROFS', context));
    return this.#volume.change((draft) => inContext(context, () => step(draft)), call);
  }
}

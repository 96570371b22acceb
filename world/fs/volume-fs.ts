import type { CallOptions } from '../call-options.js';
import { copyIn } from './copy/copy-in.js';
import { copyOut } from './copy/copy-out.js';
import { FileHandle, FolderHandle, partsOf } from './files/file-handle.js';
import { type OpenFlag, parseFlags } from './files/flags.js';
import { FsError, namingPlace } from './fs-error.js';
import type { Draft } from './tree/draft.js';
import type { Volume } from './volume.js';
import { VolumeNames } from './volume-names.js';
import type {
  CopiedOut,
  CopyOptions,
  CopyResult,
  FileData,
  FsHandle,
  WorldFs,
  WriteFileOptions,
} from './world-fs.js';

/** {@link WorldFs} over a volume, in etcd or in memory. */
export class VolumeFs extends VolumeNames implements WorldFs {
  readonly uri: string;

  constructor(uri: string, volume: Volume) {
    super(volume);
    this.uri = uri;
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
    const found = await this.volume.look(looking, options);
    if (this.volume.storage.isReadOnly && (wanted.write || found.node === undefined))
      throw new FsError('EROFS', place);
    const isThere = found.node !== undefined && !wanted.truncate;
    const { path: at, node } = isThere ? found : await this.change(place, opening, options);
    if (node?.type !== 'file')
      return new FolderHandle(node ?? { type: 'directory', mode: 0, entries: new Map() });
    const file = this.opened.open(at, node);
    if (wanted.truncate) file.replaced(node);
    return new FileHandle(file, wanted, options, () => this.opened.release(file));
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
    const node = await this.find({ syscall: 'open', path }, options);
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

  copyIn(local: string, path: string, options: CopyOptions = {}): Promise<CopyResult> {
    return copyIn(this.volume, local, path, options);
  }

  copyOut(path: string, local: string, options: CopyOptions = {}): Promise<CopiedOut> {
    return copyOut(this.volume, path, local, options);
  }

  async batch<T>(work: () => Promise<T>, options: CallOptions = {}): Promise<T> {
    if (this.volume.isDeferred) return work();
    await this.volume.defer(options);
    try {
      const result = await work();
      await this.volume.flush(options);
      return result;
    } finally {
      await this.volume.discard();
    }
  }

  defer(options: CallOptions = {}): Promise<void> {
    return this.volume.defer(options);
  }

  flush(options: CallOptions = {}): Promise<void> {
    return this.volume.flush(options);
  }
}

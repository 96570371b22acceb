import type { CallOptions } from '../call-options.js';
import type { FsDirent, FsStats } from './file-stats.js';
import type { OpenFlag } from './files/open-flags.js';

export type FileData =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

export interface WriteFileOptions extends CallOptions {
  /** Of strings; default utf8. */
  readonly encoding?: BufferEncoding | undefined;
  /** Of a file that is made; default 0o666, without the bits of umask 022. */
  readonly mode?: number | undefined;
  /** Default `w`, for `appendFile` `a`. */
  readonly flag?: OpenFlag | undefined;
}

/** Told how many of the bytes are done; a block that need not be sent counts as done. */
export type OnProgress = (done: { readonly bytes: number; readonly of: number }) => void;

export interface CopyOptions extends CallOptions {
  /** Told the progress, in bytes; existing blocks count as done. */
  readonly onProgress?: OnProgress | undefined;
}

/** The result of a copy. Sizes in bytes, before compression. */
export interface CopyResult {
  readonly files: number;
  readonly sizeBytes: number;
  /** Blocks that had to be sent, and their size. */
  readonly uploadedBlocks: number;
  readonly uploadedBytes: number;
}

/** What a copy to this machine came to. */
export interface CopiedOut extends CopyResult {
  /** Where it is: what was given, or for a file its place in the directory that was given. */
  readonly local: string;
}

/** The size of what is at a path. */
export interface FsSize {
  readonly files: number;
  /** Of all files together; shared blocks count each time. */
  readonly sizeBytes: number;
}

/**
 * An open file. What is written is visible at once through the same {@link WorldFs}, and to others after `sync` or
 * `close`, which reject with WorldError `conflict` instead of overwriting a file that somebody else changed meanwhile.
 */
export interface FsHandle extends AsyncDisposable {
  read(
    buffer: Uint8Array,
    offset?: number,
    length?: number,
    /** Where in the file; null or nothing: where the last read or write ended. */
    position?: number | null,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Uint8Array }>;
  write(
    data: Uint8Array | string,
    /** In bytes, of `data`. */
    offset?: number,
    length?: number,
    position?: number | null,
  ): Promise<{ readonly bytesWritten: number }>;
  /** From where the last read or write ended to the end. */
  readFile(options?: CallOptions): Promise<Buffer>;
  writeFile(data: FileData, options?: CallOptions): Promise<void>;
  appendFile(data: FileData, options?: CallOptions): Promise<void>;
  stat(): Promise<FsStats>;
  /** Cuts the file off, or fills it with zeros up to `length` bytes; default 0. */
  truncate(length?: number): Promise<void>;
  /** Stores what was written. */
  sync(options?: CallOptions): Promise<void>;
  /** As `sync`, and ends the handle. */
  close(options?: CallOptions): Promise<void>;
}

/**
 * A file system: the promise-based subset of Node's `fs/promises`, with the same results and the same error codes
 * ({@link FsError}: `code`, `syscall`, `path`, `dest`). Paths start at its root and use slashes. Every call can also fail
 * with a WorldError, and rejects with `signal.reason` when it is aborted.
 *
 * Each change is one transaction. If somebody else changed the tree first, it is made again on the newer tree, as if one
 * had come after the other.
 */
export interface WorldFs {
  /** Such as `etcdfs:///fs/shared`. */
  readonly uri: string;
  open(path: string, flags?: OpenFlag, mode?: number, options?: CallOptions): Promise<FsHandle>;
  readFile(
    path: string,
    options: (CallOptions & { readonly encoding: BufferEncoding }) | BufferEncoding,
  ): Promise<string>;
  readFile(path: string, options?: CallOptions): Promise<Buffer>;
  /** The bytes of a file in order, a few blocks in memory at a time. */
  readStream(path: string, options?: CallOptions): AsyncIterable<Buffer>;
  /** Makes or replaces a file; from an iterable only a few blocks are in memory at a time. */
  writeFile(path: string, data: FileData, options?: WriteFileOptions | BufferEncoding): Promise<void>;
  appendFile(path: string, data: FileData, options?: WriteFileOptions | BufferEncoding): Promise<void>;
  truncate(path: string, length?: number, options?: CallOptions): Promise<void>;
  stat(path: string, options?: CallOptions): Promise<FsStats>;
  lstat(path: string, options?: CallOptions): Promise<FsStats>;
  access(path: string, options?: CallOptions): Promise<void>;
  /** Keeps permission bits; they are not enforced. */
  chmod(path: string, mode: number, options?: CallOptions): Promise<void>;
  /** Times in seconds since the epoch, or as dates. The time of access is not kept. */
  utimes(path: string, atime: number | Date, mtime: number | Date, options?: CallOptions): Promise<void>;
  /** @returns with `recursive` the first directory that was made, if any. */
  mkdir(
    path: string,
    options?: CallOptions & { readonly recursive?: boolean | undefined; readonly mode?: number | undefined },
  ): Promise<string | undefined>;
  /** @throws WorldError `too-large` with `recursive`, as for {@link copyOut} */
  readdir(
    path: string,
    options: CallOptions & { readonly withFileTypes: true; readonly recursive?: boolean | undefined },
  ): Promise<FsDirent[]>;
  readdir(
    path: string,
    options?: CallOptions & { readonly recursive?: boolean | undefined },
  ): Promise<string[]>;
  rename(from: string, to: string, options?: CallOptions): Promise<void>;
  rm(
    path: string,
    options?: CallOptions & {
      readonly recursive?: boolean | undefined;
      readonly force?: boolean | undefined;
    },
  ): Promise<void>;
  rmdir(path: string, options?: CallOptions): Promise<void>;
  unlink(path: string, options?: CallOptions): Promise<void>;
  symlink(target: string, path: string, options?: CallOptions): Promise<void>;
  readlink(path: string, options?: CallOptions): Promise<string>;
  /** Copies a local file or directory to `path`; a directory is merged into an existing one. Parent directories are made. */
  copyIn(local: string, path: string, options?: CopyOptions): Promise<CopyResult>;
  /**
   * Copies a file or directory to the path `local` of this machine; a directory is merged into an existing one, a file goes
   * into an existing directory. Everything is fetched and verified before anything is replaced. Nothing is written through a
   * symbolic link below `local`: files and links are replaced. Set-user-ID, set-group-ID and sticky bits are dropped, and
   * existing directories keep their modes.
   * @throws WorldError `unsafe` for a link that leads out of the directory, and where a link, pipe, socket or device is in
   * the way; `conflict` where a file is where a directory goes, or the other way round; `too-large` beyond 1,000,000
   * entries, 128 nested directories or 8 GiB. Then nothing was written.
   */
  copyOut(path: string, local: string, options?: CopyOptions): Promise<CopiedOut>;
  /**
   * The number of files at a path and their total size.
   * @throws WorldError `too-large` as for {@link copyOut}
   */
  size(path: string, options?: CallOptions): Promise<FsSize>;
  /** Makes all changes of `work` in one transaction, or none if it throws. Other calls to this object join it. */
  batch<T>(work: () => Promise<T>, options?: CallOptions): Promise<T>;
  /** Keeps changes in this process until {@link flush}. */
  defer(options?: CallOptions): Promise<void>;
  /** Makes all deferred changes in one transaction, and ends deferring. */
  flush(options?: CallOptions): Promise<void>;
}

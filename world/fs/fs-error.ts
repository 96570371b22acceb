/** Why a call to a file system failed, as Node's `fs/promises` calls it on Linux. */
export type FsErrorCode =
  | 'EACCES'
  | 'EBADF'
  | 'EBUSY'
  | 'EEXIST'
  | 'EFBIG'
  | 'EINVAL'
  | 'EISDIR'
  | 'ELOOP'
  | 'ENAMETOOLONG'
  | 'ENOENT'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'EROFS'
  | 'ERR_FS_EISDIR';

const REASONS: Readonly<Record<FsErrorCode, readonly [errno: number, reason: string]>> = {
  EACCES: [13, 'permission denied'],
  EBADF: [9, 'bad file descriptor'],
  EBUSY: [16, 'resource busy or locked'],
  EEXIST: [17, 'file already exists'],
  EFBIG: [27, 'file too large'],
  EINVAL: [22, 'invalid argument'],
  EISDIR: [21, 'illegal operation on a directory'],
  ELOOP: [40, 'too many symbolic links encountered'],
  ENAMETOOLONG: [36, 'name too long'],
  ENOENT: [2, 'no such file or directory'],
  ENOTDIR: [20, 'not a directory'],
  ENOTEMPTY: [39, 'directory not empty'],
  EROFS: [30, 'read-only file system'],
  ERR_FS_EISDIR: [21, 'Path is a directory: rm returned EISDIR'],
};

/** Which call failed, and on which paths, as they were given. */
export interface FsErrorContext {
  readonly syscall: string;
  readonly path?: string | undefined;
  /** The second path of `rename` and `symlink`. */
  readonly dest?: string | undefined;
}

/** The error of a file system: `code`, `errno`, `syscall`, `path` and `dest` are those of Node on Linux. */
export class FsError extends Error {
  override readonly name = 'FsError';
  readonly code: FsErrorCode;
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string | undefined;
  readonly dest?: string | undefined;

  /** @internal */
  constructor(code: FsErrorCode, { syscall, path, dest }: FsErrorContext) {
    const [errno, reason] = REASONS[code];
    const where = path === undefined ? '' : ` '${path}'${dest === undefined ? '' : ` -> '${dest}'`}`;
    super(`${code}: ${reason}, ${syscall}${where}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
    if (dest !== undefined) this.dest = dest;
  }
}

/** Thrown by what knows nothing of calls and paths; {@link inContext} makes an {@link FsError} of it. */
export class FsRefusal extends Error {
  readonly code: FsErrorCode;

  constructor(code: FsErrorCode) {
    super(code);
    this.code = code;
  }
}

/** Runs a step of one call, so that what it refuses names the call and its paths. */
export function inContext<T>(context: FsErrorContext, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw error instanceof FsRefusal ? new FsError(error.code, context) : error;
  }
}

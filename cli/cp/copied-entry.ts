import { createHash } from 'node:crypto';

/** Something to copy. */
export interface CopiedEntry {
  /** Bytes, as names are; from what is copied as a whole on, with slashes. Empty for that itself. */
  readonly path: Buffer;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** Of a symbolic link. */
  readonly target?: Buffer;
  /** Changes when the content may have. */
  readonly version: string;
}

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SYMLINK = 0o120000;

/** What kind of entry a mode as in `st_mode` means; undefined for pipes, sockets and devices. */
export function typeOfMode(mode: number): CopiedEntry['type'] | undefined {
  const kind = mode & 0o170000;
  if (kind === REGULAR) return 'file';
  if (kind === DIRECTORY) return 'directory';
  return kind === SYMLINK ? 'symlink' : undefined;
}

/** Set-user-ID and the like are for whoever owns the file there to decide. */
export const PERMISSIONS = 0o777;

/** The temporary name of a file beside its own. The same version of a file gets the same one, so that copying goes on there. */
export function partialName(name: Buffer, { version, sizeBytes }: CopiedEntry): Buffer {
  const hash = createHash('sha256').update(name).update(`\0${version}\0${sizeBytes}`).digest('hex');
  return Buffer.concat([
    Buffer.from('.'),
    beginningOf(name),
    Buffer.from(`.hawser-${hash.slice(0, 16)}.partial`),
  ]);
}

/** As much of a name as leaves room for more, and no part of a character of UTF-8. */
function beginningOf(name: Buffer): Buffer {
  let end = Math.min(name.length, 100);
  while (end > 0 && ((name[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return name.subarray(0, end);
}

/** Joins bytes as paths. */
export function joined(folder: Buffer, name: Buffer): Buffer {
  if (name.length === 0) return folder;
  if (folder.length === 0) return name;
  return Buffer.concat([folder, Buffer.from(folder.at(-1) === SLASH ? '' : '/'), name]);
}

const SLASH = 0x2f;

/** Splits a path at its last slash. */
export function split(path: Buffer): { readonly folder: Buffer; readonly name: Buffer } {
  const at = path.lastIndexOf(SLASH);
  if (at < 0) return { folder: Buffer.alloc(0), name: path };
  return { folder: path.subarray(0, Math.max(at, 1)), name: path.subarray(at + 1) };
}

/** A path without the slashes at its end. */
export function withoutEnd(path: Buffer): Buffer {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end -= 1;
  return path.subarray(0, end);
}

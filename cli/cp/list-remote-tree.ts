import type { SftpAttributes } from '../../tunnel/sftp/sftp-packets.js';
import { SftpError } from '../../tunnel/sftp/sftp-session.js';
import { EscapeChecker } from '../../world/fs/tree/escape-checker.js';
import { CliError } from '../errors.js';
import { type CopiedEntry, joined, PERMISSIONS, split, typeOfMode, withoutEnd } from './copied-entry.js';
import type { RemoteFiles } from './remote-files.js';

/** A host that lists more does not mean well, or does not know what it lists. */
const MOST_ENTRIES = 1_000_000;
const MOST_DEPTH = 200;

/** Something of a host that is to be copied. */
export interface RemoteTree {
  /** What it is called where it goes into a directory. */
  readonly name: Buffer;
  readonly path: Buffer;
  /** Each directory before what is in it; the first is the whole. */
  readonly entries: readonly CopiedEntry[];
  /** What is neither file, directory nor link, and links that lead out of what is copied; with the reason. */
  readonly leftOut: readonly string[];
}

interface Listing {
  readonly files: RemoteFiles;
  readonly hostname: string;
  readonly signal: AbortSignal;
}

/**
 * Lists what is to be copied from a host, and believes nothing: a name that would lead elsewhere is refused before anything is
 * written.
 *
 * @throws CliError `failed`
 */
export async function listRemoteTree(named: string, listing: Listing): Promise<RemoteTree> {
  const path = withoutEnd(Buffer.from(named));
  try {
    const attributes = await listing.files.stat(path);
    if (attributes === undefined) throw failed(listing, named, 'there is no such file or directory');
    // It was followed: a link in its place would lead the next copy to that name elsewhere.
    if (typeOfMode(attributes.mode ?? 0) === 'symlink')
      throw failed(listing, named, 'the host says that it is a link which leads to a link');
    const entries: CopiedEntry[] = [];
    const leftOut: string[] = [];
    await walk({ ...listing, root: path, named, entries, leftOut }, Buffer.alloc(0), attributes);
    if (entries.length === 0) throw failed(listing, named, 'it is no file and no directory');
    const { kept, leadingOut } = withoutEscapes(entries, named, listing);
    return {
      name: nameOf(path, listing.hostname),
      path,
      entries: kept,
      leftOut: [...leftOut, ...leadingOut],
    };
  } catch (error) {
    if (error instanceof SftpError) throw failed(listing, named, error.message);
    if (error instanceof RangeError)
      throw failed(listing, named, `the host sent invalid data (${error.message})`);
    throw error;
  }
}

interface Walk extends Listing {
  readonly root: Buffer;
  readonly named: string;
  readonly entries: CopiedEntry[];
  readonly leftOut: string[];
}

async function walk(walking: Walk, path: Buffer, attributes: SftpAttributes, depth = 0): Promise<void> {
  const { files, root, entries, leftOut, signal } = walking;
  signal.throwIfAborted();
  const type = typeOfMode(attributes.mode ?? 0);
  if (type === undefined) {
    leftOut.push(`${joined(root, path)} is a pipe, a socket or a device`);
    return;
  }
  if (entries.length >= MOST_ENTRIES || depth > MOST_DEPTH)
    throw failed(walking, walking.named, 'the host lists more than can be a directory');
  const target = type === 'symlink' ? await files.readLink(joined(root, path)) : undefined;
  entries.push({ ...entryOf(path, type, attributes), ...(target && { target }) });
  if (type !== 'directory') return;
  const names: { readonly name: Buffer; readonly attributes: SftpAttributes }[] = [];
  for await (const one of files.list(joined(root, path))) {
    if (!isName(one.name)) throw dangerous(walking, one.name);
    names.push(one);
    if (names.length + entries.length > MOST_ENTRIES)
      throw failed(walking, walking.named, 'the host lists more than can be a directory');
  }
  for (const { name, attributes: own } of names.sort((a, b) => a.name.compare(b.name)))
    await walk(walking, joined(path, name), own, depth + 1);
}

/** Whether it is one name in a directory, and leads nowhere else. */
function isName(name: Buffer): boolean {
  return name.length > 0 && name.length <= 255 && !name.includes(0x2f) && !name.includes(0);
}

function entryOf(path: Buffer, type: CopiedEntry['type'], attributes: SftpAttributes): CopiedEntry {
  const { mode = 0, sizeBytes = 0, mtimeSeconds = 0 } = attributes;
  return { path, type, mode: mode & PERMISSIONS, sizeBytes, mtimeSeconds, version: `${mtimeSeconds}` };
}

/** Takes out links that lead out, which a later reader would follow. @throws CliError `failed` for what else would lie elsewhere */
function withoutEscapes(
  entries: readonly CopiedEntry[],
  named: string,
  listing: Listing,
): { readonly kept: readonly CopiedEntry[]; readonly leadingOut: readonly string[] } {
  const [whole, ...below] = entries;
  if (whole === undefined || below.length === 0) return { kept: entries, leadingOut: [] };
  const described = below.map(({ path, type, target }) => ({
    type,
    path: path.toString('latin1'),
    target: target?.toString('latin1'),
  }));
  const checker = new EscapeChecker(described);
  const leadingOut: string[] = [];
  const kept = below.filter((entry, index) => {
    const one = described[index];
    const why = one && checker.problemOf(one);
    if (why === undefined) return true;
    if (entry.type !== 'symlink') throw failed(listing, named, `"${entry.path}" ${why}`);
    leadingOut.push(`${joined(Buffer.from(named), entry.path)} ${why}`);
    return false;
  });
  return { kept: [whole, ...kept], leadingOut };
}

/** The last name of a path, or what stands for a path without one. */
function nameOf(path: Buffer, hostname: string): Buffer {
  const { name } = split(path);
  return isName(name) && !/^\.\.?$/.test(name.toString())
    ? name
    : Buffer.from(hostname.replace(/[^\w.@:+-]/g, '_'));
}

function dangerous(listing: Walk, name: Buffer): CliError {
  const why = `the host lists the name "${name}", which is none, and would lead elsewhere. Nothing was copied`;
  return failed(listing, listing.named, why);
}

function failed({ hostname }: Listing, named: string, why: string): CliError {
  return new CliError('failed', `Could not copy ${named} from ${hostname}: ${why}.`);
}

import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { type CopiedEntry, joined, PERMISSIONS, typeOfMode } from './copied-entry.js';

/** Something of this machine that is to be copied: a file, or a directory with all that is in it. */
export interface LocalTree {
  /** What it is called where it goes into a directory. */
  readonly name: Buffer;
  /** Where it is. */
  readonly path: Buffer;
  /** Each directory before what is in it; the first is the whole. */
  readonly entries: readonly CopiedEntry[];
  /** Pipes, sockets and devices, which are left out. */
  readonly leftOut: readonly string[];
}

/** Lists what is to be copied. A link that is named is followed; others are copied as links. @throws CliError `usage` */
export async function listLocalTree(named: string): Promise<LocalTree> {
  try {
    const path = Buffer.from(await realpath(named));
    const name = Buffer.from(named.replace(/\/+$/, '').split('/').at(-1) ?? '');
    const own =
      name.length === 0 || /^\.\.?$/.test(name.toString()) ? path.subarray(path.lastIndexOf('/') + 1) : name;
    const leftOut: string[] = [];
    const entries: CopiedEntry[] = [];
    await walk({ root: path, entries, leftOut }, Buffer.alloc(0), await stat(path, { bigint: true }));
    if (entries.length === 0)
      throw new CliError('usage', `Cannot copy ${named}: it is no file and no directory.`);
    return { name: own, path, entries, leftOut };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `Cannot copy ${named}: ${explainFileError(error)}.`, { cause: error });
  }
}

interface Walk {
  readonly root: Buffer;
  readonly entries: CopiedEntry[];
  readonly leftOut: string[];
}

async function walk(walking: Walk, path: Buffer, stats: BigIntStats): Promise<void> {
  const at = joined(walking.root, path);
  const type = typeOfMode(Number(stats.mode));
  if (type === undefined) {
    walking.leftOut.push(at.toString());
    return;
  }
  const target = type === 'symlink' ? await readlink(at, { encoding: 'buffer' }) : undefined;
  walking.entries.push({ ...entryOf(path, type, stats), ...(target && { target }) });
  if (type !== 'directory') return;
  const names = await readdir(at, { encoding: 'buffer' });
  for (const name of names.sort(Buffer.compare)) {
    const below = joined(path, name);
    await walk(walking, below, await lstat(joined(walking.root, below), { bigint: true }));
  }
}

function entryOf(path: Buffer, type: CopiedEntry['type'], stats: BigIntStats): CopiedEntry {
  return {
    path,
    type,
    mode: Number(stats.mode) & PERMISSIONS,
    sizeBytes: Number(stats.size),
    // SFTP has no times before 1970 or after 2106.
    mtimeSeconds: Math.min(Math.max(Number(stats.mtimeMs / 1000n), 0), 0xffff_ffff),
    version: `${stats.ino} ${stats.mtimeNs} ${stats.ctimeNs}`,
  };
}

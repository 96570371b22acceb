import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ownCacheFolder } from '../../system/user-folders.js';
import { hashFile, type LocalProgram } from './local-program.js';

/** A program that is kept on this machine, compressed. */
export type KeptProgram = Pick<LocalProgram, 'sha256' | 'compressedSha256' | 'file' | 'sizeBytes'>;

/** Where programs for hosts are kept, below the cache of the person. */
export async function programsCache(): Promise<string> {
  const folder = path.join(ownCacheFolder(), 'programs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** What was kept under a name, if it is still what that was. */
export async function readKept(folder: string, name: string): Promise<KeptProgram | undefined> {
  const file = path.join(folder, `${name}.gz`);
  const note = await readFile(noteOf(folder, name), 'utf8').catch(() => '');
  const [, sha256, compressedSha256] =
    /^\{"sha256":"([0-9a-f]{64})","compressedSha256":"([0-9a-f]{64})"\}\n$/.exec(note) ?? [];
  if (sha256 === undefined || compressedSha256 === undefined) return undefined;
  try {
    if ((await hashFile(file)) !== compressedSha256) return undefined;
    return { sha256, compressedSha256, file, sizeBytes: (await stat(file)).size };
  } catch {
    return undefined;
  }
}

/** Compresses a program and keeps that under a name. */
export async function keepProgram(program: string, folder: string, name: string): Promise<KeptProgram> {
  const sha256 = await hashFile(program);
  const file = path.join(folder, `${name}.gz`);
  const part = `${file}.${process.pid}`;
  try {
    await pipeline(createReadStream(program), createGzip(), createWriteStream(part, { mode: 0o600 }));
    const compressedSha256 = await hashFile(part);
    await rename(part, file);
    const note = `${JSON.stringify({ sha256, compressedSha256 })}\n`;
    await writeFile(noteOf(folder, name), note, { mode: 0o600 });
    return { sha256, compressedSha256, file, sizeBytes: (await stat(file)).size };
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Keeps a program that the person has named, unless it is the one that was kept last.
 * @param say told what takes some seconds
 */
export async function keepNamedProgram(
  program: string,
  folder: string,
  { name, say }: { readonly name: string; readonly say: (doing: string) => void },
): Promise<KeptProgram> {
  const kept = await readKept(folder, name);
  if (kept !== undefined && kept.sha256 === (await hashFile(program))) return kept;
  say(`compressing ${program}`);
  return keepProgram(program, folder, name);
}

function noteOf(folder: string, name: string): string {
  return path.join(folder, `${name}.json`);
}

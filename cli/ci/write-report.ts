import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { writePrivateFile } from '../system/private-files.js';

/** Others read it: what collects the artifacts of a job may be another user. */
const FILE_MODE = 0o644;

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['EISDIR', 'it is a directory'],
  ['ENOENT', 'the directory that it would be in is in none'],
  ['ENOTDIR', 'part of its path is not a directory'],
  ['EACCES', 'this user may not write there'],
  ['EPERM', 'this user may not write there'],
  ['EROFS', 'this file system is read-only'],
  ['ENOSPC', 'the disk is full'],
]);

/**
 * Writes a report whole or not at all; the directory that it is in is made, if there is a place for it.
 * @throws CliError `usage` where it cannot be written
 */
export async function writeReport(file: string, report: string): Promise<void> {
  if (file === '') throw new CliError('usage', '--junit needs the name of a file.');
  try {
    // Not with all above it: in /proc, Node would try that for ever.
    await mkdir(path.dirname(path.resolve(file))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await writePrivateFile(file, report, { mode: FILE_MODE });
  } catch (error) {
    const cause = error instanceof CliError ? error.cause : error;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CliError('usage', `Cannot write the report ${file}: ${REASONS.get(code) ?? message}.`, {
      cause,
    });
  }
}

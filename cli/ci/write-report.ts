import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { writePrivateFile } from '../system/private-files.js';

/** Others read it: what collects the artifacts of a job may be another user. */
const FILE_MODE = 0o644;

/** Writes a report whole or not at all; its directory is made. @throws CliError `usage` where it cannot be written */
export async function writeReport(file: string, report: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
  } catch (error) {
    throw new CliError('usage', `Cannot write ${file}: ${(error as Error).message}.`, { cause: error });
  }
  await writePrivateFile(file, report, { mode: FILE_MODE });
}

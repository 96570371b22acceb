import path from 'node:path';
import { CliError } from '../../errors.js';
import { withAbsolutePaths } from '../find-config.js';
import { couldOthersWrite, type ReadLimits, readConfigFile, readNamedFile } from '../read-config-file.js';
import type { Fleet } from './fleet.js';
import { isOwnFleetFile } from './fleet-paths.js';
import type { FleetFileContent } from './parse-fleet-file.js';

/** A file with one fleet. */
export interface FleetFile {
  /** Absolute. */
  readonly file: string;
  /** Whether the person named the file itself, which counts whoever owns it. */
  readonly isNamed: boolean;
}

/**
 * Reads a fleet from the person's own configuration, or from a file that the person named.
 * @throws CliError `usage` for a file that is not there or has mistakes, `not-yours` for one of the person's own
 * configuration that another user could have written
 */
export async function readFleet(file: string): Promise<Fleet> {
  return (await readFleetFile({ file: path.resolve(file), isNamed: !isOwnFleetFile(path.resolve(file)) }))
    .fleet;
}

/** Reads the whole file, with paths in it made absolute. An abort rejects with `signal.reason`. @throws as {@link readFleet} */
export async function readFleetFile(
  { file, isNamed }: FleetFile,
  limits: ReadLimits = {},
): Promise<FleetFileContent> {
  const content = isNamed ? await readNamedFile(file, limits) : await readOwnFile(file);
  const { parseFleetFile, requireNameOfFile } = await import('./parse-fleet-file.js');
  const { fleet, connection } = parseFleetFile(content, file);
  if (!isNamed) requireNameOfFile(fleet);
  return { fleet, connection: withAbsolutePaths(connection, path.dirname(file)) };
}

async function readOwnFile(file: string): Promise<Buffer> {
  const text = await readConfigFile(file);
  if (text === undefined) throw new CliError('usage', `Cannot read ${file}: there is no such file.`);
  if (!(await couldOthersWrite(text))) return text.content;
  const message = `${file} decides how to reach the fleet, but another user could have written it. Make it yours with chown and chmod 600.`;
  throw new CliError('not-yours', message);
}

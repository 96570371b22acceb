import path from 'node:path';
import ignore from 'ignore';
import type { Manifest } from '../../world/deploys/manifest.js';
import { CliError } from '../errors.js';
import { readConfigFile } from '../fleet/read-config-file.js';

const IGNORE_FILE = '.hawserignore';

/** Whether a path of an app's directory, relative to it, is not deployed. */
export type IsLeftOut = (path: string, isDirectory: boolean) => boolean;

/**
 * Reads which files of an app are not deployed: the patterns of its manifest, then those of its `.hawserignore`, by the
 * rules of gitignore(5). Later ones win.
 *
 * @throws CliError `usage` for a pattern that is none
 */
export async function readLeftOutFiles(folder: string, { exclude = [] }: Manifest): Promise<IsLeftOut> {
  const file = path.join(folder, IGNORE_FILE);
  const text = await readConfigFile(file);
  const patterns = [...exclude, ...(text?.content.toString().split(/\r?\n/) ?? [])];
  if (patterns.length === 0) return () => false;
  // As on the hosts, which are Linux: names that differ in case are different names.
  const matcher = ignore({ ignorecase: false }).add(patterns);
  try {
    matcher.ignores('any');
  } catch (error) {
    throw new CliError(
      'usage',
      `A pattern in exclude or ${file} cannot be read: ${(error as Error).message}.`,
    );
  }
  return (relative, isDirectory) => matcher.ignores(isDirectory ? `${relative}/` : relative);
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { packageVersion } from '../../../base/package-version.js';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { type LocalProgram, releaseOf } from './local-program.js';

const FILE = fileURLToPath(new URL('../../../bundle/hawser.cjs.gz', import.meta.url));

/** The program of this version of hawser, as one file for hosts. @throws CliError `failed` for an incomplete installation */
export async function prepareBundle(): Promise<LocalProgram> {
  let compressed: Buffer;
  try {
    compressed = await readFile(FILE);
  } catch (error) {
    const message = `Cannot read ${FILE}, the program for the hosts: ${explainFileError(error)}. Install hawser again; in a clone, run "npm run build".`;
    throw new CliError('failed', message, { cause: error });
  }
  const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex');
  const sha256 = hash(gunzipSync(compressed));
  return {
    kind: 'bundle',
    version: packageVersion(),
    sha256,
    file: FILE,
    compressedSha256: hash(compressed),
    sizeBytes: compressed.length,
    path: `releases/${releaseOf({ sha256 })}/hawser.cjs`,
  };
}

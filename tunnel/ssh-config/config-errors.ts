import { TunnelError } from '../errors.js';
import type { ConfigLine } from './reader/split-config-lines.js';

/** The error for an invalid file. */
export function configFileError(file: string, problem: string, cause?: unknown): TunnelError {
  const message = `Cannot use ${file}: ${problem}.`;
  return new TunnelError('bad-destination', file, message, { file, cause });
}

/** The error for a line that OpenSSH would reject. */
export function configLineError(line: ConfigLine | undefined, problem: string): TunnelError {
  const file = line?.file ?? '';
  return new TunnelError(
    'bad-destination',
    file,
    `Cannot use ${file} line ${line?.line}: ${line?.keyword}: ${problem}.`,
    { file, line: line?.line },
  );
}

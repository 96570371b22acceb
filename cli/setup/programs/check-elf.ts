import { open } from 'node:fs/promises';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';

/** How programs for a kind of machine are marked, in the ELF format. */
const MACHINES = { x64: 0x3e, arm64: 0xb7 } as const;

/** The machines that hawser has programs for, as Node names them. */
export type Architecture = keyof typeof MACHINES;

/** The flag that named a program, and what it takes. */
export interface NamedBy {
  readonly option: string;
  /** `program of Node`. */
  readonly what: string;
  /** `the file bin/node of a Node for Linux`. */
  readonly takes: string;
}

/** @throws CliError `usage` for what is no program of Linux, or not one for such a machine */
export async function checkElf(file: string, architecture: Architecture, by: NamedBy): Promise<void> {
  let start: Buffer;
  try {
    await using opened = await open(file);
    start = (await opened.read(Buffer.alloc(20), 0, 20, 0)).buffer;
  } catch (error) {
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
  if (start.toString('latin1', 0, 4) !== '\u007fELF') {
    const message = `${file} is no ${by.what}: ${by.option} takes ${by.takes}.`;
    throw new CliError('usage', message);
  }
  if (start.readUInt16LE(18) === MACHINES[architecture]) return;
  const message = `${file} does not run on ${architecture}, which some of the hosts are: leave out ${by.option}, or run the command once for each architecture.`;
  throw new CliError('usage', message);
}

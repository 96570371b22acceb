import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CliError } from '../../errors.js';
import { runOnTerminal, writeRemark } from '../../output/write-output.js';
import { canAsk, confirm } from '../../prompts/confirm.js';
import { readConfigFile } from '../read-config-file.js';
import { parseFleetFile } from './parse-fleet-file.js';
import { writeFleetText } from './write-fleet.js';

/** As git and others have it. */
const DEFAULT_EDITOR = 'vi';

/**
 * Opens a copy of a fleet file in the person's editor, and replaces the file by it once nothing is wrong with it. A copy that
 * does not become the file stays, and the error says where.
 *
 * @returns whether anything was changed
 * @throws CliError `usage` for mistakes that the person does not want to mend, an editor that fails, and a file that was
 * changed meanwhile
 */
export async function editFleet(file: string, signal: AbortSignal): Promise<boolean> {
  const before = await contentOf(file);
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-edit-'));
  const copy = path.join(folder, path.basename(file));
  await writeFile(copy, before, { mode: 0o600 });
  let isKept = false;
  try {
    const after = await editUntilRight(copy, { file, before, signal });
    if (after === before) return false;
    if ((await contentOf(file)) !== before) {
      throw new CliError('usage', `${file} was changed while you edited it.`);
    }
    await writeFleetText(file, after);
    return true;
  } catch (error) {
    if (!(error instanceof CliError) || (await readFile(copy, 'utf8')) === before) throw error;
    isKept = true;
    throw new CliError(error.code, `${error.message} Nothing was changed; your version is in ${copy}.`, {
      cause: error,
    });
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

interface Edit {
  readonly file: string;
  readonly before: string;
  readonly signal: AbortSignal;
}

async function editUntilRight(copy: string, { file, before, signal }: Edit): Promise<string> {
  for (;;) {
    await runEditor(copy);
    signal.throwIfAborted();
    const after = await readFile(copy, 'utf8');
    if (after === before) return after;
    try {
      parseFleetFile(after, file);
      return after;
    } catch (error) {
      if (!(error instanceof CliError) || !canAsk()) throw error;
      writeRemark(`hawser: ${error.message}`);
      if (!(await confirm('Edit it again?', { signal, byDefault: true }))) throw error;
    }
  }
}

/** @throws CliError `usage` for an editor that fails */
async function runEditor(file: string): Promise<void> {
  const editor = process.env['VISUAL'] || process.env['EDITOR'] || DEFAULT_EDITOR;
  // By the shell, as everywhere: the variable may have arguments in it.
  if ((await runOnTerminal('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file])) === 0) return;
  throw new CliError(
    'usage',
    `The editor "${editor}" failed: set VISUAL or EDITOR to an editor that is installed.`,
  );
}

async function contentOf(file: string): Promise<string> {
  const found = await readConfigFile(file);
  if (found === undefined) throw new CliError('usage', `Cannot read ${file}: there is no such file.`);
  return found.content.toString();
}

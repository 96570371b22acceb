import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CliError } from '../errors.js';
import { makePrivateFolder, writePrivateFile } from '../system/private-files.js';
import { ownStateFolder } from '../system/user-folders.js';

const FILE_SCHEMA = z.object({
  format: z.literal(1),
  fleetFile: z.string().optional(),
  command: z.union([
    z.object({ argv: z.tuple([z.string()], z.string()).readonly() }),
    z.object({ line: z.string() }),
  ]),
  /** Whether it ran as root. */
  sudo: z.boolean().optional(),
  failed: z.array(z.string()),
  hosts: z.number(),
});

const FILE = 'exec/last-run.json';

/** The last run of `hawser exec`, as far as it matters for running it again. */
export type LastRun = Omit<z.infer<typeof FILE_SCHEMA>, 'format'>;

/** Keeps what the next `--rerun failed` needs, for nobody else to read: command lines may tell much. */
export async function writeLastRun(run: LastRun): Promise<void> {
  const folder = ownStateFolder();
  if (folder === undefined) return;
  await makePrivateFolder(path.join(folder, 'exec'), 'Cannot keep the last run in');
  await writePrivateFile(path.join(folder, FILE), JSON.stringify({ format: 1, ...run }));
}

/** @throws CliError `usage` where there is none */
export async function readLastRun(): Promise<LastRun> {
  const folder = ownStateFolder();
  const file = folder === undefined ? undefined : path.join(folder, FILE);
  const content = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined)
    throw new CliError(
      'usage',
      'There is no last run to repeat: --rerun failed follows a "hawser exec" that failed on some hosts.',
    );
  const parsed = FILE_SCHEMA.safeParse(parseJson(content));
  if (parsed.success) return parsed.data;
  throw new CliError('usage', `${file} is damaged, so the last run cannot be repeated. Name the hosts.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

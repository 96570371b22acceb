import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { type InstallRecord, parseInstallRecord, RECORD_FILE } from './install-record.js';

/** Reads what was done on a host. @throws CliError `failed` where there is no record that this version can read */
export async function readInstallRecord(
  shell: Pick<HostShell, 'name' | 'run'>,
  signal: AbortSignal,
): Promise<InstallRecord> {
  const { stdout } = await shell.run('cat "$1"', { args: [RECORD_FILE], signal });
  const record = parseInstallRecord(stdout);
  if (record !== undefined) return record;
  throw new CliError(
    'failed',
    `Could not read ${RECORD_FILE} on ${shell.name}: run "hawser up" there again.`,
  );
}

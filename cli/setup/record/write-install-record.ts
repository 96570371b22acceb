import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { type InstallRecord, RECORD_FILE } from './install-record.js';

/**
 * Arguments: the file, its content. Whole or not at all, and on the disk when it ends. The content is no input, since that also
 * ends where the connection is cut.
 */
const WRITE = `
set -e
umask 022
mkdir -p -- "\${1%/*}"
new=$1.new.$$
trap 'rm -f -- "$new"' EXIT
printf '%s\\n' "$2" >"$new"
sync -- "$new" 2>/dev/null || sync
mv -- "$new" "$1"
`;

/** Writes what was done on a host. @throws CliError `failed` where root cannot write there, such as on a full disk */
export async function writeInstallRecord(
  shell: Pick<HostShell, 'name' | 'run'>,
  record: InstallRecord,
  signal: AbortSignal,
): Promise<void> {
  const args = [RECORD_FILE, JSON.stringify(record)];
  const { code, stderr } = await shell.run(WRITE, { args, signal });
  if (code === 0) return;
  const why = stderr.trim().slice(-300) || `the command ended with ${code}`;
  throw new CliError(
    'failed',
    `Could not write ${RECORD_FILE} on ${shell.name}: ${why}. Check that there is space in /opt and that it can be written to.`,
  );
}

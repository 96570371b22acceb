import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { type InstallRecord, RECORD_FILE } from './install-record.js';

/** Argument: the file. Whole or not at all, and on the disk when it ends. */
const WRITE = `
set -e
umask 022
mkdir -p -- "\${1%/*}"
cat >"$1.new"
sync -- "$1.new" 2>/dev/null || sync
mv -- "$1.new" "$1"
`;

/** Writes what was done on a host. @throws CliError `failed` where root cannot write there, such as on a full disk */
export async function writeInstallRecord(
  shell: Pick<HostShell, 'name' | 'run'>,
  record: InstallRecord,
  signal: AbortSignal,
): Promise<void> {
  const input = Buffer.from(`${JSON.stringify(record)}\n`);
  const { code, stderr } = await shell.run(WRITE, { args: [RECORD_FILE], input, signal });
  if (code === 0) return;
  const why = stderr.trim().slice(-300) || `the command ended with ${code}`;
  throw new CliError(
    'failed',
    `Could not write ${RECORD_FILE} on ${shell.name}: ${why}. Check that there is space in /opt and that it can be written to.`,
  );
}

import { CliError } from '../../errors.js';
import type { HostShell, RunOptions } from '../host/host-shell.js';

/** What every script of the service begins with. */
const PRELUDE = `
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
has() { command -v "$1" >/dev/null 2>&1; }
systemd() { [ -d /run/systemd/system ]; }
`;

/**
 * Runs a script that has to succeed, and returns what it printed.
 * @param what completes "Could not …"
 * @throws CliError `failed` with the end of what the host said
 */
export async function runOnHost(
  shell: HostShell,
  what: string,
  script: string,
  options: RunOptions,
): Promise<string> {
  const { code, stdout, stderr } = await shell.run(PRELUDE + script, options);
  if (code === 0) return stdout;
  const said = stderr.trim().split('\n').slice(-3).join(' ').slice(-300);
  throw new CliError(
    'failed',
    `Could not ${what} on ${shell.name}: ${said || `the host gave exit code ${code}`}.`,
  );
}

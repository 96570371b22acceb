import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { ETCD_PORTS, FACTS_SCRIPT } from './facts-script.js';
import type { HostFacts } from './host-facts.js';
import { parseHostFacts } from './parse-host-facts.js';

const TIMEOUT_MS = 30_000;

/** Looks at a host in one round trip; changes nothing. @throws CliError `failed` for a host that cannot say what it is */
export async function readHostFacts(
  shell: Pick<HostShell, 'name' | 'run'>,
  signal: AbortSignal,
): Promise<HostFacts> {
  const before = Date.now();
  const args = [ETCD_PORTS.join(' ')];
  const { code, stdout, stderr } = await shell.run(FACTS_SCRIPT, { args, signal, timeoutMs: TIMEOUT_MS });
  const facts = parseHostFacts(stdout, (before + Date.now()) / 2);
  if (facts !== undefined) return facts;
  const why = stderr.trim().slice(-300) || `the command ended with ${code ?? 'no code'}`;
  throw new CliError(
    'failed',
    `Could not look at ${shell.name}: ${why}. hawser needs a Linux host with sh and base64.`,
  );
}

import type { Tunnel } from '../../../tunnel/tunnel.js';
import { CliError } from '../../errors.js';
import { readHostFacts } from '../../setup/facts/read-host-facts.js';
import type { RootAccess, RunOptions, RunResult } from '../../setup/host/host-shell.js';
import { findRoot } from '../../setup/host/open-host-shell.js';
import { runScript, sudoAccess } from '../../setup/host/run-script.js';
import type { SudoPasswords } from '../../setup/host/sudo-passwords.js';
import type { Subject } from '../subject.js';
import type { HostFact } from './host-fact.js';
import { LOOK_SCRIPT, SELF_SCRIPT } from './look-script.js';
import { parseLook } from './parse-look.js';

interface Looking {
  readonly passwords: SudoPasswords;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 30_000;

/** Looks at a host as root, or as the user who logs in where that is all there is. */
export async function readHostFact(
  tunnel: Tunnel,
  { name, seeds }: Subject,
  { passwords, prefix, signal }: Looking,
): Promise<HostFact> {
  try {
    const { access, rootError } = await becomeRoot(tunnel, name, { passwords, signal });
    const run = (script: string, options: RunOptions = {}): Promise<RunResult> =>
      runScript({ name, tunnel }, script, access, { ...options, timeoutMs: TIMEOUT_MS, signal });
    const socket = seeds.find((seed) => seed.startsWith('unix:'))?.slice('unix://'.length) ?? '';
    const [facts, looked, self] = await Promise.all([
      readHostFacts({ name, run }, signal),
      run(LOOK_SCRIPT, { args: [prefix, socket] }),
      runScript(
        { name, tunnel },
        SELF_SCRIPT,
        { prefix: [] },
        { args: [socket], timeoutMs: TIMEOUT_MS, signal },
      ),
    ]);
    return { rootError, facts, look: parseLook(looked.stdout, self.stdout) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { execError: error.message.replace(/\.$/, ''), facts: undefined, look: undefined };
  }
}

async function becomeRoot(
  tunnel: Tunnel,
  name: string,
  options: Pick<Looking, 'passwords' | 'signal'>,
): Promise<{ readonly access: RootAccess; readonly rootError?: string }> {
  try {
    const { sudo, password } = await findRoot(name, tunnel, options);
    return { access: sudo === 'root' ? { prefix: [] } : sudoAccess(password) };
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'no-sudo') throw error;
    return { access: { prefix: [] }, rootError: error.message };
  }
}

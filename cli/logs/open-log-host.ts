import type { Questions } from '../../tunnel/question-queue.js';
import { Tunnel } from '../../tunnel/tunnel.js';
import type { HostToReach } from '../agent-access/reached-hosts.js';
import { EtcdWay } from '../bridge/etcd-access.js';
import { CliError } from '../errors.js';
import type { RootAccess } from '../setup/host/host-shell.js';
import { openHostShell } from '../setup/host/open-host-shell.js';
import { runScript } from '../setup/host/run-script.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { LOOK } from './log-scripts.js';
import { type FoundLogs, parseLook } from './parse-found-logs.js';

/** A host that we are logged in to, and what it has to read. */
export interface LogHost extends AsyncDisposable {
  readonly name: string;
  readonly tunnel: Tunnel;
  /** As whom the logs can be read. */
  readonly access: RootAccess;
  readonly found: FoundLogs;
}

/** How to look at a host. */
export interface LookOptions {
  readonly app: string;
  /** Of the agents, on the hosts. */
  readonly prefix: string;
  readonly questions: Questions | undefined;
  readonly passwords: SudoPasswords;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Logs in to a host and looks what it has of an app: as the user that logs in where that may read it, else as root.
 *
 * @throws TunnelError as `Tunnel.open`; CliError `no-sudo` where root is needed and cannot be reached, `failed` for a host that
 * does not answer as it should
 */
export async function openLogHost(
  { host, tunnel: options }: HostToReach,
  look: LookOptions,
): Promise<LogHost> {
  const { signal } = look;
  const tunnel = await Tunnel.open({ ...options, ask: look.questions }, { signal });
  try {
    const asUser: RootAccess = { prefix: [] };
    const found = await lookAs(asUser, host, tunnel, look);
    if (found !== undefined) return logHost(host, tunnel, asUser, found);
    const way = new EtcdWay({ name: host }, { user: '', passwords: look.passwords });
    const { asRoot, user } = await openHostShell(host, { tunnel, way }, look);
    const foundAsRoot = await lookAs(asRoot, host, tunnel, look);
    if (foundAsRoot !== undefined) return logHost(host, tunnel, asRoot, foundAsRoot);
    throw new CliError('failed', `sudo on ${host} does not make ${user} root.`);
  } catch (error) {
    await tunnel.close();
    throw error;
  }
}

async function lookAs(
  access: RootAccess,
  name: string,
  tunnel: Tunnel,
  { prefix, app, timeoutMs, signal }: LookOptions,
): Promise<FoundLogs | undefined> {
  const options = { args: [prefix, app], timeoutMs, signal };
  const { code, stdout, stderr } = await runScript({ name, tunnel }, LOOK, access, options);
  if (code === 0) return parseLook(stdout, app);
  const words = stderr.trim().slice(0, 300) || 'it says nothing';
  throw new CliError('failed', `Cannot look for the logs on ${name}: ${words}`);
}

function logHost(name: string, tunnel: Tunnel, access: RootAccess, found: FoundLogs): LogHost {
  return { name, tunnel, access, found, [Symbol.asyncDispose]: () => tunnel.close() };
}

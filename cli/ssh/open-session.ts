import { CliError } from '../errors.js';
import type { ChosenHost } from '../hosts/choose-hosts.js';
import { HostConnections } from '../hosts/host-connections.js';
import { logTo, type OutputOptions } from '../output/print.js';
import { resultScreen } from '../output/write-output.js';
import { passThrough } from './pass-through.js';
import { runTerminalSession } from './terminal-session.js';

/** What is to run on a host, with our terminal if there is one. */
export interface SessionRequest extends OutputOptions {
  readonly host: ChosenHost;
  /** A line for the login shell; undefined for that shell itself. */
  readonly line: string | undefined;
  /** Whether it gets a terminal; undefined where we have one. */
  readonly tty: boolean | undefined;
}

/**
 * Logs in to a host and runs a shell or a command there until it ends.
 * @returns its exit code
 * @throws TunnelError as `Tunnel.open` and `Tunnel.exec`
 */
export async function openSession(
  { host, line, tty, ...output }: SessionRequest,
  signal: AbortSignal,
): Promise<number> {
  const hasTerminal = process.stdin.isTTY === true && resultScreen() !== undefined;
  await using connections = new HostConnections(logTo(output));
  await using share = await connections.open(host, signal);
  const program = line ?? { shell: true as const };
  if (tty ?? hasTerminal)
    return await runTerminalSession(share.tunnel, program, { hostname: host.name, signal });
  return await passThrough(share.tunnel, program, signal);
}

/** @throws CliError `usage` unless it is one */
export function onlyHost(hosts: readonly ChosenHost[], what: string): ChosenHost {
  const [host, ...others] = hosts;
  if (host !== undefined && others.length === 0) return host;
  const names = hosts.map(({ name }) => name).join(', ');
  throw new CliError('usage', `${what} is for one host, and ${hosts.length} match: ${names}.`);
}

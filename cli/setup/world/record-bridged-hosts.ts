import { type FleetHost, usesBridge } from '../../fleet/file/fleet.js';
import { readFleet } from '../../fleet/file/read-fleet.js';
import { writeFleet } from '../../fleet/file/write-fleet.js';
import { type ConnectOptions, connectHost } from '../host/connect-host.js';
import type { HostShell } from '../host/host-shell.js';
import { findWay } from './find-etcd-access.js';

/** A host that runs an agent, and who is logged in there. */
export interface AgentHost {
  readonly name: string;
  readonly shell: HostShell;
  /** Whether that login began before its user was put into the group. */
  readonly isOldLogin: boolean;
}

/**
 * Writes into a fleet file which hosts are entered by a bridge, because their SSH servers do not forward the socket of etcd. Hosts
 * that run no etcd now do not show it.
 */
export async function noteWays(
  file: string,
  hosts: readonly AgentHost[],
  connect: ConnectOptions,
): Promise<void> {
  const fleet = await readFleet(file);
  const found = await Promise.all(
    hosts.map(async (one) => {
      const host = fleet.hosts.find(({ name }) => name === one.name);
      const isUnknown = host !== undefined && !usesBridge(host);
      return isUnknown && (await needsBridge(host, one, connect)) ? [one.name] : [];
    }),
  );
  const bridged = new Set(found.flat());
  if (bridged.size === 0) return;
  const changed = fleet.hosts.map((host) => (bridged.has(host.name) ? { ...host, bridge: true } : host));
  await writeFleet({ ...fleet, hosts: changed });
}

async function needsBridge(
  host: FleetHost,
  { shell, isOldLogin }: AgentHost,
  connect: ConnectOptions,
): Promise<boolean> {
  const { signal } = connect;
  if (!isOldLogin) return (await findWay(shell, signal)) === 'bridge';
  const { shell: login } = await connectHost(host, connect);
  await using _ = login;
  return (await findWay(login, signal)) === 'bridge';
}

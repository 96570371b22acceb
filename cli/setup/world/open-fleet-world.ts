import { hostname as machineName } from 'node:os';
import type { Log } from '../../../base/log.js';
import { parseFleetId } from '../../../world/fleet/identity-codec.js';
import { DEFAULT_NAMESPACE } from '../../../world/keys.js';
import { SshWorld } from '../../../world/ssh-world.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import type { HostShell } from '../host/host-shell.js';
import { PATHS } from '../service/service-paths.js';
import { findWay } from './find-etcd-access.js';

/**
 * Opens the World of a fleet through a host that we are logged in to, whose agent runs, after finding out how etcd is entered
 * there. It does not wait for an answer. Closing it leaves the host's shell open.
 */
export async function openFleetWorld(
  shell: Pick<HostShell, 'tunnel' | 'way'>,
  { id, namespace = DEFAULT_NAMESPACE }: Pick<Fleet, 'id' | 'namespace'>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<SshWorld> {
  await findWay(shell, signal);
  const { tunnel } = shell;
  const fleet = id === undefined ? undefined : parseFleetId(id);
  const hostname = machineName() || 'laptop';
  const seeds = [`unix://${PATHS.socket}`];
  return SshWorld.open({ tunnel, seeds, fleet, namespace, hostname, log }, { signal, lazy: true });
}

import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FleetTarget } from '../fleet/merge-target.js';

/**
 * What a forward in the background must have been started with to be used for a target: one number of everything that decides
 * whom we talk to, as whom, and by what program. Seeds, namespace, certificates and the etcd user are up to each command: they
 * count beyond the forward.
 */
export function forwardKey(target: FleetTarget, version: string): string {
  const { sshUrls, fleetHosts, jumpKeys, sshHostkey, sshConfig, transport } = target;
  const parts = {
    version,
    home: process.env['HOME'],
    sshUrls,
    hosts: fleetHosts?.map(({ name, ssh, hostKeys, jump, user, sudo, bridge }) => [
      ...[name, ssh, hostKeys, jump, user, sudo, bridge].map((one) => one ?? null),
    ]),
    jumpKeys: jumpKeys ?? [],
    sshHostkey,
    sshIds: target.sshIds.map(absolute),
    sshKnownHosts: target.sshKnownHosts.map(absolute),
    folderKnownHosts: target.folderKnownHosts?.map(absolute) ?? [],
    sshConfig: sshConfig === undefined || sshConfig === 'none' ? sshConfig : absolute(sshConfig),
    transport: transport ?? 'auto',
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What a person calls it: the fleet's name, or where SSH goes. */
export function forwardLabel({ fleetHosts, fleetName, sshUrls }: FleetTarget): string {
  return fleetHosts !== undefined && fleetName !== undefined ? fleetName : sshUrls.join(', ');
}

function absolute(file: string): string {
  return path.resolve(file);
}

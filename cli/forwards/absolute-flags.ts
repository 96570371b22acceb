import path from 'node:path';
import type { ConnectionFlags } from '../fleet/connection-flags.js';

/** The flags of a command for a process that works in another directory. */
export function absoluteFlags(flags: ConnectionFlags, folder: string): ConnectionFlags {
  const locate = (file: string): string => (file.startsWith('~/') ? file : path.resolve(folder, file));
  const located = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : locate(file);
  const { fleet, sshConfig } = flags;
  const isFile = fleet !== undefined && (fleet.includes('/') || /\.ya?ml$/.test(fleet));
  const changed = {
    fleet: isFile ? locate(fleet) : fleet,
    config: located(flags.config),
    sshConfig: sshConfig === 'none' ? sshConfig : located(sshConfig),
    sshId: flags.sshId?.map(locate),
    sshKnownHosts: flags.sshKnownHosts?.map(locate),
    cacert: located(flags.cacert),
    cert: located(flags.cert),
    key: located(flags.key),
    passwordFile: located(flags.passwordFile),
  };
  const given = Object.entries(changed).filter(([, value]) => value !== undefined);
  return { ...flags, ...(Object.fromEntries(given) as Partial<ConnectionFlags>) };
}

import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import type { Sshd } from './sshd.js';

/** A destination that gets in, of which no ssh_config says anything but what is given. */
export function resolved(sshd: Sshd, given: Partial<ResolvedDestination> = {}): ResolvedDestination {
  return {
    ...sshd.destination,
    alias: sshd.destination.host,
    sshConfig: 'none',
    strictHostKeyChecking: 'ask',
    knownHostsFiles: [sshd.knownHostsFile],
    hashKnownHosts: false,
    identityFiles: [sshd.identityFile],
    requiredIdentityFiles: [sshd.identityFile],
    defaultIdentityFiles: [],
    identitiesOnly: false,
    certificateFiles: [],
    authMethods: ['publickey'],
    jumps: [],
    batchMode: false,
    needsOpenSsh: [],
    ...given,
  };
}

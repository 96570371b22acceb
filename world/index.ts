/**
 * The World: what the hosts and controllers of one fleet share, kept in etcd. `EtcdWorld` talks to etcd directly,
 * `SshWorld` through SSH; both are the same code over the same {@link Client}.
 */

export {
  type OpenTunnelOption,
  type SshDestinationsOption,
  SshWorld,
  type SshWorldCallOptions,
  type SshWorldOptions,
} from './ssh-world.js';
export * from './without-ssh.js';

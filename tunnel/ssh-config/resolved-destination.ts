import type { Reach } from '../forward/forward-target.js';
import type { Destination } from '../parse-destination.js';

/** What to do about an unknown host key. OpenSSH's `no` counts as `accept-new`, with a warning. */
export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new';

/** An SSH authentication method. */
export type AuthMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** How to add a private key from a file to the SSH agent, once a host accepted it. */
export interface AddKeysToAgent {
  /** Ask the person first. */
  readonly ask: boolean;
  /** Have the SSH agent ask before each use. */
  readonly confirm: boolean;
  /** Have the SSH agent forget it after this many seconds. Default never. */
  readonly lifetimeSeconds?: number | undefined;
}

/**
 * A destination with everything that ssh_config(5) says about it, so that connecting needs no other source. Undefined fields
 * mean OpenSSH's default.
 */
export interface ResolvedDestination extends Destination {
  /** The host as typed. As in OpenSSH, known_hosts has it under `host`, unless {@link hostKeyAlias} is set. */
  readonly alias: string;
  /** The file that OpenSSH should read instead of the user's and the system's, like `ssh -F`. */
  readonly sshConfig?: string | undefined;
  /** The name to look up in known_hosts instead, without a port. */
  readonly hostKeyAlias?: string | undefined;
  /** Whether it is only on the route to another host, which a pin is for. */
  readonly isJump?: boolean | undefined;
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  /** The user's files, then the system's; new keys are added to the first. */
  readonly knownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** False if UserKnownHostsFile is `none`: new keys have no place, so none is accepted. Default true. */
  readonly storesHostKeys?: boolean | undefined;
  /** Private keys named by the caller or ssh_config, in order. */
  readonly identityFiles: readonly string[];
  /** Those of {@link identityFiles} that the caller named: one that cannot be used is an error. */
  readonly requiredIdentityFiles: readonly string[];
  /** OpenSSH's default key files, tried last if they exist. */
  readonly defaultIdentityFiles: readonly string[];
  /** Offer only those keys of the SSH agent that are in {@link identityFiles}. */
  readonly identitiesOnly: boolean;
  /** The SSH agent's socket; undefined for none. */
  readonly agentSocket?: string | undefined;
  /** How to add keys from files to the SSH agent; undefined: not at all. */
  readonly addKeysToAgent?: AddKeysToAgent | undefined;
  readonly certificateFiles: readonly string[];
  /** The allowed login methods, in order. */
  readonly authMethods: readonly AuthMethod[];
  /** Use only addresses of this IP version. */
  readonly addressFamily?: 4 | 6 | undefined;
  /** Jump hosts, the outermost first, each resolved and verified on its own; only the outermost can have a proxyCommand. */
  readonly jumps: readonly ResolvedDestination[];
  /** A command whose standard input and output lead to the host, with tokens expanded. Never together with jumps. */
  readonly proxyCommand?: string | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly keepaliveIntervalMs?: number | undefined;
  readonly keepaliveCountMax?: number | undefined;
  /** Algorithms to offer instead of the default, best first; only those that ssh2 supports, as in the three lists below. */
  readonly ciphers?: readonly string[] | undefined;
  readonly kexAlgorithms?: readonly string[] | undefined;
  readonly hostKeyAlgorithms?: readonly string[] | undefined;
  readonly macs?: readonly string[] | undefined;
  /** Never ask a person. */
  readonly batchMode: boolean;
  /** Why only the system's OpenSSH can connect (such as an option that ssh2 lacks), as parts of sentences; empty when ssh2 can. */
  readonly needsOpenSsh: readonly string[];
  /** How targets are reached there that no channel leads to. ssh_config does not say: the caller does. */
  readonly reach?: Reach | undefined;
}

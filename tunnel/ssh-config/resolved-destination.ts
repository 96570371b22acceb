import type { Destination } from '../destination.js';

/** What to do with a host whose key is not known. OpenSSH's `no` counts as `accept-new`, with a warning. */
export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new';

/** How to prove who we are, in SSH's words. */
export type AuthMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** What to do with a private key that was read from a file, once a host took it. */
export interface AddKeysToAgent {
  /** Ask the person first. */
  readonly ask: boolean;
  /** Have the agent ask before each use. */
  readonly confirm: boolean;
  /** Have the agent forget it after so many seconds; never by default. */
  readonly lifetimeSeconds?: number | undefined;
}

/**
 * A destination with everything that ssh_config(5) says of it, so that connecting needs no other source. Absent
 * optional fields mean OpenSSH's default.
 */
export interface ResolvedDestination extends Destination {
  /** The host as it was typed. known_hosts knows it by `host`, as OpenSSH has it, unless {@link hostKeyAlias} is set. */
  readonly alias: string;
  /** The file to have OpenSSH read instead of the person's and the system's, like `ssh -F`. */
  readonly sshConfig?: string | undefined;
  /** The name to look the host up by in known_hosts, without a port. */
  readonly hostKeyAlias?: string | undefined;
  /** Whether it only leads to another host: a pin is for that one. */
  readonly isJump?: boolean | undefined;
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  /** User's files first, then the system's; the first is the one that new keys are added to. */
  readonly knownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** False where UserKnownHostsFile is `none`: there is no place for a new key, so none is accepted. Default true. */
  readonly storesHostKeys?: boolean | undefined;
  /** Private keys that were asked for by flag or config, in order. */
  readonly identityFiles: readonly string[];
  /** Those of {@link identityFiles} that were asked for by flag: one that cannot be used is an error. */
  readonly requiredIdentityFiles: readonly string[];
  /** OpenSSH's default key files, tried last where they exist. */
  readonly defaultIdentityFiles: readonly string[];
  /** Offer the agent only the keys of {@link identityFiles}. */
  readonly identitiesOnly: boolean;
  /** The agent's socket; undefined for none. */
  readonly agentSocket?: string | undefined;
  /** Give keys from files to the agent; absent for not. */
  readonly addKeysToAgent?: AddKeysToAgent | undefined;
  readonly certificateFiles: readonly string[];
  /** What may be used to log in, in this order. */
  readonly authMethods: readonly AuthMethod[];
  /** Use only addresses of this IP version. */
  readonly addressFamily?: 4 | 6 | undefined;
  /** Hosts to go through, the outermost first, each resolved and verified on its own; only the outermost can have a proxyCommand. */
  readonly jumps: readonly ResolvedDestination[];
  /** A command whose standard input and output lead to the host; tokens are expanded. Never together with jumps. */
  readonly proxyCommand?: string | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly keepaliveIntervalMs?: number | undefined;
  readonly keepaliveCountMax?: number | undefined;
  /** Algorithms to offer instead of ours, best first; only those that ssh2 has, like in the three lists below. */
  readonly ciphers?: readonly string[] | undefined;
  readonly kexAlgorithms?: readonly string[] | undefined;
  readonly hostKeyAlgorithms?: readonly string[] | undefined;
  readonly macs?: readonly string[] | undefined;
  /** Never ask anything. */
  readonly batchMode: boolean;
  /** Why only the system's OpenSSH can connect here (an option that ssh2 lacks), one sentence part each; empty when ssh2 can. */
  readonly needsOpenSsh: readonly string[];
}

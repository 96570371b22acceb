import type { Log } from '../base/log.js';
import type { TransportName } from './connection/choose-transport.js';
import type { RaceOptions } from './connection/race-destinations.js';
import type { ForwardTarget } from './forward/forward-target.js';
import { type Destination, formatDestination } from './parse-destination.js';
import { type Ask, Questions } from './question-queue.js';
import { resolveDestination } from './ssh-config/resolve-destination.js';
import type { ResolvedDestination } from './ssh-config/resolved-destination.js';

/**
 * How to open a {@link Tunnel}. What `destinations` holds decides which other options there are: texts are looked up in
 * ssh_config, addresses are not, and a resolved destination says itself how to log in and whom to trust.
 */
export type TunnelOptions = NamedTunnelOptions | AddressedTunnelOptions | ResolvedTunnelOptions;

/** Destinations as a person writes them, for which ssh_config says the rest, as it does for `ssh`. */
export interface NamedTunnelOptions
  extends SharedTunnelOptions,
    Omit<NoLoginOptions, keyof NamedOptions>,
    NamedOptions {
  /**
   * SSH destinations that lead to the same fleet, at least one: `user@host:port`, `ssh://user@host:port?hostkey=…` or a
   * Host of ssh_config. All are tried at once, again for each reconnect; the first that works is used.
   */
  readonly destinations: readonly string[];
}

interface NamedOptions {
  /** The only host key to accept (`SHA256:…`, `ssh-ed25519 AAAA…` or bare base64; several with commas between); a destination's own is preferred. */
  readonly hostKey?: string | undefined;
  /** Read instead of the known_hosts files of ssh_config. */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** Private keys to try before those of ssh_config. One that cannot be used is an error. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Environment variables: `HOME`, `SSH_AUTH_SOCK`, `PATH` and those that ssh_config mentions. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Read instead of `~/.ssh/config` and the system's, like `ssh -F`; `none` reads nothing. */
  readonly configFile?: string | undefined;
}

/** Destinations whose address is known, with no ssh_config read for them. */
export interface AddressedTunnelOptions
  extends SharedTunnelOptions,
    Omit<NoLoginOptions, keyof AddressedOptions>,
    AddressedOptions {
  /** SSH destinations that lead to the same fleet, at least one. All are tried at once; the first that works is used. */
  readonly destinations: readonly (Destination & { readonly alias?: undefined })[];
}

interface AddressedOptions {
  /** The only host key to accept (`SHA256:…`, `ssh-ed25519 AAAA…` or bare base64; several with commas between); a destination's own is preferred. */
  readonly hostKey?: string | undefined;
  /**
   * Host keys to accept without a pin; missing files count as empty. Revoked keys count even with a pin. New keys go to
   * the first file: without any, an unknown host is refused and nobody is asked.
   */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** Private keys to log in with. One that cannot be used is an error. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Private keys to try last; missing and encrypted ones are skipped. */
  readonly optionalIdentityFiles?: readonly string[] | undefined;
  /** The SSH agent's socket (`SSH_AUTH_SOCK`), tried between the two. */
  readonly agentSocket?: string | undefined;
}

/** Destinations that `resolveDestination` returned. */
export interface ResolvedTunnelOptions extends SharedTunnelOptions, NoLoginOptions {
  /** SSH destinations that lead to the same fleet, at least one. All are tried at once; the first that works is used. */
  readonly destinations: readonly ResolvedDestination[];
}

/** Keeps an option that would not count from compiling. */
type NoLoginOptions = { readonly [Name in keyof NamedOptions | keyof AddressedOptions]?: undefined };

/** Options that count for destinations of every kind. */
export interface SharedTunnelOptions {
  /**
   * The time limit for TCP, handshake and login together, for each destination, in milliseconds; also how long a forward
   * holds a connection. Default 10,000. It wins over `ConnectTimeout` in ssh_config, but not over that of a resolved
   * destination.
   */
  readonly connectTimeoutMs?: number | undefined;
  /** How often a silent connection is probed, in milliseconds; anything that the host sends counts as life. Default 2,000. */
  readonly keepaliveIntervalMs?: number | undefined;
  /** How many unanswered probes mean that it is lost. Default 3: noticed after 8 s, or 3 s after waking from sleep. */
  readonly keepaliveCountMax?: number | undefined;
  /**
   * Asks a person about unknown host keys, for passphrases, passwords and second factors. Without it nothing is asked.
   * Give the tunnels of one run the same {@link Questions}, so that they ask one at a time and can say "host 3 of 12".
   */
  readonly ask?: Ask | Questions | undefined;
  /** What speaks SSH. Default `auto`: the system's `ssh` for destinations whose `needsOpenSsh` says why, else this process. */
  readonly transport?: TransportName | undefined;
  /** Addresses to reach. A destination through which none of them answers is used only when there is no better one. */
  readonly probe?: readonly ForwardTarget[] | undefined;
  readonly log?: Log | undefined;
}

/**
 * The destinations resolved, and defaults for what was not given.
 * @throws TunnelError `bad-destination` as {@link resolveDestination}
 */
export async function toRaceOptions(
  options: TunnelOptions,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<RaceOptions> {
  const destinations = await Promise.all(options.destinations.map((one) => resolve(one, options, signal)));
  return {
    destinations,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepaliveIntervalMs: options.keepaliveIntervalMs ?? 2_000,
    keepaliveCountMax: options.keepaliveCountMax ?? 3,
    probe: options.probe,
    questions: options.ask && questionsOf(options.ask, destinations.map(formatDestination)),
    log: options.log,
  };
}

/** One that has an alias is resolved already. */
function resolve(
  destination: TunnelOptions['destinations'][number],
  options: TunnelOptions,
  signal: AbortSignal | undefined,
): Promise<ResolvedDestination> | ResolvedDestination {
  if (typeof destination === 'string') {
    const { environment, configFile, log } = options;
    return resolveDestination(destination, { flags: options, environment, configFile, log, signal });
  }
  return destination.alias === undefined ? resolveByOptions(destination, options) : destination;
}

function questionsOf(ask: Ask | Questions, hosts: readonly string[]): Questions {
  const questions = ask instanceof Questions ? ask : new Questions(ask);
  questions.expect(hosts);
  return questions;
}

/** A destination for which no ssh_config is read. */
function resolveByOptions(destination: Destination, options: AddressedOptions): ResolvedDestination {
  const { identityFiles = [] } = options;
  return {
    ...destination,
    hostKey: destination.hostKey ?? options.hostKey,
    alias: destination.host,
    sshConfig: 'none',
    strictHostKeyChecking: 'ask',
    knownHostsFiles: options.knownHostsFiles ?? [],
    hashKnownHosts: false,
    identityFiles,
    requiredIdentityFiles: identityFiles,
    defaultIdentityFiles: options.optionalIdentityFiles ?? [],
    identitiesOnly: false,
    agentSocket: options.agentSocket,
    certificateFiles: [],
    authMethods: ['publickey', 'keyboard-interactive', 'password'],
    jumps: [],
    batchMode: false,
    needsOpenSsh: [],
  };
}

import type { Log } from '../../base/log.js';
import { TunnelError } from '../errors.js';
import { type NamedDestination, type ReadDestination, readDestination } from '../parse-destination.js';
import { askSshG, fileForSsh } from './ask-ssh-g.js';
import { destinationOf, proxyCommandOf, proxyJumpOf } from './destination-from-options.js';
import { type SshEnvironment, sshEnvironmentOf } from './environment.js';
import type { EffectiveOptions, HostQuery } from './host-options.js';
import { lastHop, MAX_HOPS } from './parse-proxy-jump.js';
import { readSshConfig } from './reader/read-ssh-config.js';
import type { ResolvedDestination } from './resolved-destination.js';
import { readServices } from './values/read-services.js';

/** What the caller sets; it wins over ssh_config. */
export interface DestinationFlags {
  /** The only host key to accept for the destination, or several with commas between; those of hops are looked up in known_hosts. */
  readonly hostKey?: string | undefined;
  /** Private keys to try first, on hops too. One that cannot be used is an error. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Read instead of the user's and the system's files, for hops too. */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** How long connecting may take, in milliseconds. */
  readonly connectTimeoutMs?: number | undefined;
}

export interface ResolveOptions {
  readonly flags?: DestinationFlags | undefined;
  /** Environment variables: `HOME`, `SSH_AUTH_SOCK`, `PATH` and those that ssh_config mentions. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Read instead of `~/.ssh/config` and the system's, like `ssh -F`; `none` reads nothing. */
  readonly configFile?: string | undefined;
  /**
   * Reads ssh_config in this process, and asks `ssh` only about what cannot be read so. For many hosts: starting `ssh` for each
   * would cost more than logging in to it.
   */
  readonly inProcess?: boolean | undefined;
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Resolution {
  readonly inProcess: boolean;
  readonly sshConfig: string | undefined;
  readonly sshEnvironment: SshEnvironment;
  readonly flags: DestinationFlags;
  readonly log?: Log | undefined;
}

/**
 * Finds out everything needed to connect to `user@host:port`, `ssh://…` or a Host of ssh_config, as OpenSSH would: asks the
 * installed `ssh`, or else reads the same files. An abort rejects with `signal.reason`.
 *
 * @throws TunnelError `bad-destination` for a text that names no host, or an invalid ssh_config
 */
export async function resolveDestination(
  text: string,
  options: ResolveOptions = {},
): Promise<ResolvedDestination> {
  const { flags = {}, environment = process.env, configFile, inProcess = false, log, signal } = options;
  signal?.throwIfAborted();
  const read = readDestination(text);
  const { destination: named } = read;
  const hostKey = named.hostKey ?? flags.hostKey;
  const sshEnvironment = sshEnvironmentOf(environment, {
    configFile,
    signal,
    timeoutMs: flags.connectTimeoutMs,
  });
  await refusePassword(read, sshEnvironment);
  const sshConfig = await fileForSsh(sshEnvironment);
  const found = await resolveHost(queryOf(named), { sshEnvironment, sshConfig, flags, inProcess, log }, 0);
  const { identityFiles = [] } = flags;
  return {
    ...found,
    hostKey,
    connectTimeoutMs: flags.connectTimeoutMs ?? found.connectTimeoutMs,
    requiredIdentityFiles: identityFiles,
    defaultIdentityFiles: identityFiles.length > 0 ? [] : found.defaultIdentityFiles,
  };
}

/** An apparent password is part of the user name if ssh_config says that this is the host's user. */
async function refusePassword(
  { destination, suspected }: ReadDestination,
  sshEnvironment: SshEnvironment,
): Promise<void> {
  if (suspected === undefined) return;
  const { user, ...anybody } = queryOf(destination);
  const { options } = await ask(anybody, { sshEnvironment, inProcess: false });
  if (options.get('user')?.[0] !== user) throw suspected;
}

async function ask(
  query: HostQuery,
  { sshEnvironment, inProcess, log }: Pick<Resolution, 'sshEnvironment' | 'inProcess' | 'log'>,
): Promise<EffectiveOptions> {
  if (inProcess) {
    try {
      return await readSshConfig(query, sshEnvironment, log);
    } catch (error) {
      // `ssh` knows what it means, or says better what is wrong with it.
      if (!(error instanceof TunnelError)) throw error;
    }
  }
  return (await askSshG(query, sshEnvironment)) ?? (await readSshConfig(query, sshEnvironment, log));
}

async function resolveHost(
  query: HostQuery,
  resolution: Resolution,
  depth: number,
): Promise<ResolvedDestination> {
  if (depth > MAX_HOPS) throw inCircles(query.host);
  const { sshEnvironment, sshConfig, flags, log } = resolution;
  const effective = await ask(query, resolution);
  const destination = destinationOf(query.host, effective, { sshEnvironment, log });
  if (destination.user === '') throw noUser(query.host, sshEnvironment);
  const proxyJump = query.through ?? proxyJumpOf(query.host, effective.options);
  const proxyCommand = proxyJump === undefined ? proxyCommandOf(query.host, effective.options) : undefined;
  const jumps = proxyJump === undefined ? [] : await resolveHops(proxyJump, resolution, depth);
  return {
    ...destination,
    sshConfig,
    identityFiles: [...(flags.identityFiles ?? []), ...destination.identityFiles],
    ...(flags.knownHostsFiles?.length && {
      knownHostsFiles: flags.knownHostsFiles,
      storesHostKeys: true,
    }),
    proxyCommand,
    jumps,
    needsOpenSsh: [
      ...destination.needsOpenSsh,
      ...jumps.flatMap((hop) => hop.needsOpenSsh.map((reason) => `${reason} for ${hop.alias}`)),
    ],
  };
}

async function resolveHops(
  proxyJump: string,
  resolution: Resolution,
  depth: number,
): Promise<ResolvedDestination[]> {
  const { destination, through } = lastHop(proxyJump, { portOf: await readServices() });
  const query = { ...queryOf(destination), through };
  const { jumps, ...last } = await resolveHost(query, resolution, depth + 1);
  return [...jumps, { ...last, isJump: true, jumps: [] }];
}

function queryOf({ host, user, port }: NamedDestination): HostQuery {
  return { host, user, port };
}

function noUser(host: string, { localUserId }: SshEnvironment): TunnelError {
  const message = `Cannot tell which user to log in as on ${host}: your own (id ${localUserId}) has no name on this machine. Write USER@${host}, or set the variable USER.`;
  return new TunnelError('bad-destination', host, message);
}

function inCircles(host: string): TunnelError {
  return new TunnelError(
    'bad-destination',
    host,
    `ssh_config leads to ${host} through more than ${MAX_HOPS} hosts. Check that ProxyJump does not go in circles.`,
  );
}

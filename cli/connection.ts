import { hostname as machineName } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TransportName } from '../tunnel/auto-transport.js';
import type { TunnelOptions } from '../tunnel/tunnel.js';
import type { TlsOptions } from '../world/client/certificates.js';
import type { ClientWorld } from '../world/client-world.js';
import { DEFAULT_CLIENT_URL } from '../world/constants.js';
import { parseDuration } from '../world/deploys/duration.js';
import type { Log } from '../world/log.js';
import { readConfig } from './config.js';
import type { Context } from './context.js';
import { UsageError } from './errors.js';
import { expandHome } from './home.js';
import type { OutputOptions } from './output.js';
import { canAsk } from './prompts/deploy.js';
import { writeLine } from './stderr.js';
import { type TlsFlags, tlsOptions } from './tls-options.js';

/** The flags that every command which talks to a fleet takes. */
export interface ConnectionFlags extends OutputOptions, TlsFlags {
  readonly sshUrl?: string[];
  readonly sshHostkey?: string;
  readonly sshId?: string[];
  readonly sshKnownHosts?: string[];
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  readonly seeds?: string[];
  readonly namespace?: string;
  readonly hostname?: string;
  readonly config?: string;
  readonly timeout?: number;
  /** Of commands that ask before they act; it keeps SSH from asking too. */
  readonly yes?: boolean;
}

/** Where the fleet is and who we are to it: flags, laid over `hawser.yaml`, laid over defaults. */
export interface Connection {
  /** Ways in through SSH; none means that the seeds are dialled directly. */
  readonly sshUrls: readonly string[];
  readonly sshHostkey?: string;
  readonly sshIds: readonly string[];
  readonly sshKnownHosts: readonly string[];
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  readonly seeds: readonly string[];
  /** For `https://` seeds. */
  readonly tls?: TlsOptions;
  readonly namespace: string;
  readonly hostname: string;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** How long connecting may take, whatever ssh_config says of that. */
  readonly connectTimeoutMs?: number;
  /** Whether a person is there for the questions of SSH. */
  readonly canAsk?: boolean;
}

const defaultTimeoutMs = 10_000;

/** Adds the connection flags and an example to a command. */
export function withConnection(command: Command, example: string): Command {
  return command
    .optionsGroup('Connection:')
    .option(
      '--ssh-url <destination>',
      'user@host:port or a Host of ssh_config to reach the fleet through; repeat it for several ways in',
      collect,
    )
    .option('--ssh-hostkey <key>', 'accept only this host key: SHA256:… or the base64 key')
    .option('--ssh-id <file>', 'private key to authenticate with (repeatable)', collect)
    .option(
      '--ssh-known-hosts <file>',
      'known_hosts file to use instead of the usual ones (repeatable)',
      collect,
    )
    .option('--ssh-config <file>', 'ssh_config file to use instead of the usual ones, or none')
    .addOption(
      new Option('--transport <name>', 'what speaks SSH (default auto)').choices(['auto', 'ssh2', 'openssh']),
    )
    .option(
      '--seeds <url>',
      `etcd as seen from the SSH host (repeatable; default ${DEFAULT_CLIENT_URL})`,
      collectList,
    )
    .option('--cacert <file>', 'authority that signed the certificates of https:// seeds')
    .option('--cert <file>', 'our certificate, for seeds that want one')
    .option('--key <file>', 'its private key')
    .option('--namespace <prefix>', 'where the fleet keeps its keys (default /_mgmt)')
    .option('--hostname <name>', "who we are to the fleet (default: this machine's name)")
    .option('--config <file>', 'use this hawser.yaml')
    .addOption(
      new Option('--timeout <duration>', 'how long an answer may take (default 10s)').argParser(duration),
    )
    .optionsGroup('Options:')
    .option('--json', 'print one JSON value', false)
    .option('--verbose', 'say what is done, and where an error comes from', false)
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

/**
 * Resolves the flags of one call. Without `searchConfig` only a file that was given counts: an agent must not take the
 * connection of whatever folder it happens to be started in.
 *
 * @throws UsageError for a config file that is wrong, or a namespace that cannot be.
 */
export async function resolveConnection(
  flags: ConnectionFlags,
  { searchConfig = true }: { readonly searchConfig?: boolean } = {},
): Promise<Connection> {
  const config = (await readConfig(flags.config, { search: searchConfig })) ?? {};
  const sshHostkey = flags.sshHostkey ?? config.sshHostkey;
  const transport = flags.transport ?? config.transport;
  const seeds = flags.seeds ?? config.seeds ?? [DEFAULT_CLIENT_URL];
  const tls = tlsOptions(flags, config, seeds);
  return {
    sshUrls: flags.sshUrl ?? config.sshUrls ?? [],
    ...(sshHostkey === undefined ? {} : { sshHostkey }),
    sshIds: (flags.sshId ?? config.sshIds ?? []).map(expandHome),
    sshKnownHosts: (flags.sshKnownHosts ?? config.sshKnownHosts ?? []).map(expandHome),
    ...(flags.sshConfig === undefined ? {} : { sshConfig: expandHome(flags.sshConfig) }),
    ...(transport === undefined ? {} : { transport }),
    seeds,
    ...(tls === undefined ? {} : { tls }),
    namespace: checkedNamespace(flags.namespace ?? config.namespace ?? '/_mgmt'),
    hostname: flags.hostname ?? config.hostname ?? machineName(),
    timeoutMs: flags.timeout ?? defaultTimeoutMs,
    ...(flags.timeout === undefined ? {} : { connectTimeoutMs: flags.timeout }),
    canAsk: canAsk() && flags.yes !== true,
  };
}

/**
 * The tunnel's options for a connection, resolved as OpenSSH resolves destinations.
 * @throws TunnelError `bad-destination`
 */
export async function tunnelOptions(
  connection: Connection,
  log: Log,
  signal?: AbortSignal,
): Promise<TunnelOptions> {
  const [{ resolveDestination }, { askInTerminal }] = await Promise.all([
    import('../tunnel/ssh-config/resolve.js'),
    import('./prompts/ssh.js'),
  ]);
  const options = {
    flags: {
      hostKey: connection.sshHostkey,
      identityFiles: connection.sshIds,
      knownHostsFiles: connection.sshKnownHosts,
      connectTimeoutMs: connection.connectTimeoutMs,
    },
    environment: process.env,
    configFile: connection.sshConfig,
    log,
    signal,
  };
  return {
    destinations: await Promise.all(connection.sshUrls.map((url) => resolveDestination(url, options))),
    connectTimeoutMs: connection.timeoutMs,
    transport: connection.transport,
    ...(connection.canAsk === true ? { ask: askInTerminal } : {}),
    log,
  };
}

/** Opens the World of a fleet: through SSH where a way in is given, else directly. */
export async function openWorld(connection: Connection, log: Log, signal: AbortSignal): Promise<ClientWorld> {
  const { seeds, tls, namespace, hostname } = connection;
  const shared = { tls, namespace, hostname, log };
  if (connection.sshUrls.length > 0) {
    const [{ SshWorld }, tunnel] = await Promise.all([
      import('../world/ssh-world.js'),
      tunnelOptions(connection, log, signal),
    ]);
    return SshWorld.connect({ ...shared, seeds, tunnel }, { signal });
  }
  const { EtcdWorld } = await import('../world/etcd-world.js');
  return EtcdWorld.connect({ ...shared, endpoints: seeds });
}

/** Runs `work` with the World of the flags' fleet, and closes it whatever happens. */
export async function withWorld<T>(
  context: Context,
  flags: ConnectionFlags,
  work: (world: ClientWorld, call: { signal: AbortSignal; timeoutMs: number }) => Promise<T>,
): Promise<T> {
  const { signal } = context.interrupts;
  const connection = await resolveConnection(flags);
  await using world = await openWorld(connection, logTo(flags), signal);
  return await work(world, { signal, timeoutMs: connection.timeoutMs });
}

/** Warnings always, the rest with `--verbose`; on stderr. */
export function logTo(flags: OutputOptions): Log {
  return (level, message) => {
    if (flags.verbose || (!flags.json && (level === 'warn' || level === 'error'))) {
      writeLine(`hawser: ${level === 'warn' || level === 'error' ? '' : `${level}: `}${message}`);
    }
  };
}

export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** A commander argument parser for `500ms`, `5s`, `2m`. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration such as 500ms, 5s or 2m.');
  return ms;
}

/** A slip here would show an empty fleet instead of an error. */
function checkedNamespace(namespace: string): string {
  if (namespace === '' || /^(\/[^/]+)+$/.test(namespace)) return namespace;
  const message = `"${namespace}" cannot be a namespace: it begins with a slash and does not end in one, such as /_mgmt.`;
  throw new UsageError(message);
}

/** Lists may be repeated flags, comma-separated, or both. */
export function collectList(value: string, previous: string[] = []): string[] {
  return value.split(',').reduce((list, item) => collect(item.trim(), list), previous);
}

import { type Command, Option } from 'commander';
import type { Log } from '../../base/log.js';
import type { ResolvedDestination } from '../../tunnel/ssh-config/resolved-destination.js';
import type { ResolvedTunnelOptions } from '../../tunnel/tunnel-options.js';
import type { ClientWorld } from '../../world/client-world.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { Context } from '../context.js';
import { collect, collectList, duration, fleetId } from '../input/parsers.js';
import type { OutputOptions } from '../output/output.js';
import { writeLine } from '../output/stderr.js';
import type { ConnectionFlags } from './connection-flags.js';
import { etcdUser, PASSWORD_VARIABLE } from './etcd-user.js';
import { type FleetTarget, type ResolveOptions, requireFleet, resolveTarget } from './target.js';

export { type FleetTarget, resolveTarget } from './target.js';

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
    .option('--user <name>', 'user of etcd, where it has authentication switched on')
    .option(
      '--password-file <file>',
      `file with the password of that user (default: ${PASSWORD_VARIABLE}, or asked for)`,
    )
    .option('--namespace <prefix>', 'where the fleet keeps its keys (default /_mgmt)')
    .option('--hostname <name>', "who we are to the fleet (default: this machine's name)")
    .addOption(
      new Option(
        '--fleet-id <uuid>',
        'refuse seeds of any other fleet (hawser status --json shows it)',
      ).argParser(fleetId),
    )
    .option('--fleet <name>', 'which of the fleets that you know, or a file that describes one')
    .option('--config <file>', 'use this hawser.yaml, whoever wrote it')
    .addOption(
      new Option('--timeout <duration>', 'how long an answer may take (default 10s)').argParser(duration),
    )
    .optionsGroup('Options:')
    .option('--json', 'print one JSON value', false)
    .option('--verbose', 'say what is done, and where an error comes from', false)
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

/**
 * The tunnel's options for a connection, resolved as OpenSSH resolves destinations.
 * @throws TunnelError `bad-destination`
 */
export async function tunnelOptions(
  connection: FleetTarget,
  log: Log,
  signal?: AbortSignal,
): Promise<ResolvedTunnelOptions> {
  const [{ resolveDestination }, { askFor }] = await Promise.all([
    import('../../tunnel/ssh-config/resolve.js'),
    import('../prompts/ssh.js'),
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
  const { folderKnownHosts = [] } = connection;
  const destinations = await Promise.all(connection.sshUrls.map((url) => resolveDestination(url, options)));
  const ask = askFor(connection, log);
  return {
    destinations: destinations.map((destination) => alsoReading(destination, folderKnownHosts)),
    connectTimeoutMs: connection.timeoutMs,
    transport: connection.transport,
    ask,
    log,
  };
}

/**
 * Adds known_hosts files behind the person's own ones: a key that the person accepts goes to the first file, so never to
 * one of these, and what the person's files revoke stays revoked.
 */
function alsoReading(destination: ResolvedDestination, files: readonly string[]): ResolvedDestination {
  if (files.length === 0) return destination;
  return {
    ...destination,
    knownHostsFiles: [...destination.knownHostsFiles, ...files],
    jumps: destination.jumps.map((jump) => alsoReading(jump, files)),
  };
}

/** Opens the World of a fleet: through SSH where a way in is given, else directly. */
export async function openWorld(
  connection: FleetTarget,
  log: Log,
  signal: AbortSignal,
): Promise<ClientWorld> {
  const { seeds, tls, namespace, hostname, fleetId: fleet } = connection;
  const user = etcdUser(connection.user, { canAsk: connection.canAskPassword === true, signal });
  const shared = { tls, user, namespace, hostname, fleet, log };
  if (connection.sshUrls.length > 0) {
    const [{ SshWorld }, tunnel] = await Promise.all([
      import('../../world/ssh-world.js'),
      tunnelOptions(connection, log, signal),
    ]);
    return SshWorld.open({ ...shared, seeds, ssh: tunnel }, { signal, lazy: true });
  }
  const { EtcdWorld } = await import('../../world/etcd-world.js');
  return EtcdWorld.create({ ...shared, seeds });
}

/** Runs `work` with the World of the flags' fleet, and closes it whatever happens. */
export async function withWorld<T>(
  context: Context,
  flags: ConnectionFlags,
  work: (world: ClientWorld, call: { signal: AbortSignal; timeoutMs: number }) => Promise<T>,
  options: Pick<ResolveOptions, 'appFolder'> = {},
): Promise<T> {
  const { signal } = context.interrupts;
  const connection = requireFleet(await resolveTarget(flags, { ...options, signal }));
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

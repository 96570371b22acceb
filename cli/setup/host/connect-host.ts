import type { Log } from '../../../base/log.js';
import type { TransportName } from '../../../tunnel/connection/choose-transport.js';
import { readHostKeyTrust } from '../../../tunnel/host-key/read-host-key-trust.js';
import type { Questions } from '../../../tunnel/question-queue.js';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { Tunnel } from '../../../tunnel/tunnel.js';
import { EtcdWay } from '../../bridge/etcd-access.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import { readJumpKeys, resolveFleetHost } from '../../fleet/file/resolve-fleet-host.js';
import type { HostShell } from './host-shell.js';
import { openHostShell } from './open-host-shell.js';
import type { SudoPasswords } from './sudo-passwords.js';

/** How to log in to hosts, as flags say it. */
export interface LoginFlags {
  readonly sshId?: readonly string[] | undefined;
  readonly sshKnownHosts?: readonly string[] | undefined;
  readonly sshConfig?: string | undefined;
  readonly transport?: TransportName | undefined;
}

/** How to connect to the hosts of one run. */
export interface ConnectOptions {
  readonly login: LoginFlags;
  /** For the jump hosts, as in the fleet file. */
  readonly jumpKeys: readonly string[];
  /** How long one host may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whom to ask; undefined without a terminal. */
  readonly questions: Questions | undefined;
  readonly passwords: SudoPasswords;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A host that we are logged in to. */
export interface ConnectedHost {
  readonly shell: HostShell;
  /** Its keys, as they were verified: `type base64`. */
  readonly hostKeys: readonly string[];
  /** Lines as in known_hosts for the jump hosts on the way. */
  readonly jumpKeys: readonly string[];
}

/**
 * Logs in to a host, by the host keys of the fleet file or, before the first `up`, those that the person knows or accepts.
 *
 * @throws TunnelError as `Tunnel.open`; CliError as {@link openHostShell}
 */
export async function connectHost(host: FleetHost, options: ConnectOptions): Promise<ConnectedHost> {
  const { signal } = options;
  const { tunnel, way, destination } = await openTunnel(host, options);
  const shell = await openHostShell(host.name, { tunnel, way }, options);
  try {
    const hostKeys = host.hostKeys.length > 0 ? host.hostKeys : await knownKeys(destination, signal);
    return { shell, hostKeys, jumpKeys: await readJumpKeys(destination, { signal }) };
  } catch (error) {
    await shell[Symbol.asyncDispose]();
    throw error;
  }
}

interface OpenedHost extends Pick<HostShell, 'tunnel' | 'way'> {
  readonly destination: ResolvedDestination;
}

async function openTunnel(
  host: FleetHost,
  { login, jumpKeys, timeoutMs, questions, passwords, log, signal }: ConnectOptions,
): Promise<OpenedHost> {
  const { sshId = [], sshKnownHosts = [], sshConfig, transport } = login;
  const destination = await resolveFleetHost(host, jumpKeys, {
    flags: { identityFiles: sshId, knownHostsFiles: sshKnownHosts, connectTimeoutMs: timeoutMs },
    environment: process.env,
    configFile: sshConfig,
    log,
    signal,
  });
  const way = new EtcdWay(host, { user: destination.user, passwords });
  const reached = { ...destination, reach: way.reach };
  const tunnel = await Tunnel.open(
    { destinations: [reached], connectTimeoutMs: timeoutMs, ask: questions, transport, log },
    { signal },
  );
  return { tunnel, way, destination };
}

/** What known_hosts has of a host by now, whose key was compared with that. */
async function knownKeys(destination: ResolvedDestination, signal: AbortSignal): Promise<string[]> {
  const { known, pins = [] } = await readHostKeyTrust(destination, { signal });
  const pinned = pins.flatMap((pin) => (pin.kind === 'key' ? [pin] : []));
  const found = known.keys.length > 0 ? known.keys : known.keysWithoutPort;
  const keys = pinned.length > 0 ? pinned : found.filter(({ isCertificate }) => !isCertificate);
  const usable = keys.filter(({ key }) => !known.revoked.some((line) => line.key.equals(key)));
  return [...new Set(usable.map(({ type, key }) => `${type} ${key.toString('base64')}`))];
}

import { hostname as machineName } from 'node:os';
import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import type { TlsOptions } from '../../world/client/tls/tls-options.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { DEFAULT_NAMESPACE } from '../../world/keys.js';
import { checkNamespace } from '../../world/validate-names.js';
import { CliError } from '../errors.js';
import { canAsk } from '../prompts/confirm.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { expandHome } from '../system/user-folders.js';
import type { ConnectionFlags } from './connection-flags.js';
import type { ConnectionConfig } from './connection-schema.js';
import { mayAskPassword, type UserConfig, userConfig } from './etcd-user.js';
import { destinationOf, type FleetHost } from './file/fleet.js';
import { tlsOptions } from './tls-options.js';

/** The file that flags win over. */
export interface TargetSource {
  /** Absolute. */
  readonly file: string;
  /** A fleet file; a `hawser.yaml` of the person's own, or named by them; or one that came with a directory. */
  readonly kind: 'fleet' | 'person' | 'folder';
}

/** How to reach the fleet, and as which host: flags over `hawser.yaml` over defaults. */
export interface FleetTarget {
  /** SSH destinations that lead to the fleet; none means that the seeds are dialled directly. */
  readonly sshUrls: readonly string[];
  /** Where the destinations are the hosts of a fleet file: these, in the same order. */
  readonly fleetHosts?: readonly FleetHost[] | undefined;
  /** The file that says so. */
  readonly file?: string | undefined;
  /** Lines as in known_hosts of the fleet file: the only keys to accept from those that they name. */
  readonly jumpKeys?: readonly string[] | undefined;
  /** The name of the fleet file's fleet. */
  readonly fleetName?: string | undefined;
  /** Where the rest comes from, apart from flags. */
  readonly source?: TargetSource | undefined;
  readonly sshHostkey?: string | undefined;
  readonly sshIds: readonly string[];
  /** Instead of the person's and the system's. */
  readonly sshKnownHosts: readonly string[];
  /** Beside them, for reading only: named by a file that came with a directory. */
  readonly folderKnownHosts?: readonly string[] | undefined;
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly sshConfig?: string | undefined;
  readonly transport?: TransportName | undefined;
  readonly seeds: readonly string[];
  /** Whether nobody said where the fleet is: no SSH destination and no seed. */
  readonly isDefault?: boolean | undefined;
  /** Then, those that could have been meant. */
  readonly knownFleets?: readonly string[] | undefined;
  /** The flag that names the fleet or the file of the connection, also where the directory or the environment says so. */
  readonly foundBy?: readonly string[] | undefined;
  /** For `https://` seeds. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd with authentication switched on. */
  readonly user?: UserConfig | undefined;
  readonly namespace: string;
  /** The fleet that the seeds must be of. */
  readonly fleetId?: FleetIdentity | undefined;
  readonly hostname: string;
  /** Hosts to recover, if a config names them. */
  readonly hosts?: readonly string[] | undefined;
  /** Whether there are so many hosts that `ssh` is not to be asked about each. */
  readonly readsSshConfig?: boolean | undefined;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** How long connecting may take, whatever ssh_config says. */
  readonly connectTimeoutMs?: number | undefined;
  /** The passwords for sudo that were asked for already. */
  readonly sudoPasswords?: SudoPasswords | undefined;
  /** Whether SSH's questions can be asked on a terminal. */
  readonly canAsk?: boolean | undefined;
  /** Whether `--yes` was given: then nobody is asked whom to trust, by any means. */
  readonly isUnattended?: boolean | undefined;
  /** Whether the password of the etcd user may be asked for, which `--yes` does not answer. */
  readonly canAskPassword?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Flags over the file, over defaults. */
export function mergeTarget(
  flags: ConnectionFlags,
  config: ConnectionConfig,
  isFolders: boolean,
): FleetTarget {
  const fleetHosts = flags.sshUrl === undefined ? config.fleetHosts : undefined;
  const sshUrls = flags.sshUrl ?? config.sshUrls ?? fleetHosts?.map(destinationOf) ?? [];
  return {
    sshUrls,
    fleetHosts,
    jumpKeys: config.jumpKeys,
    sshHostkey: flags.sshHostkey ?? config.sshHostkey,
    sshIds: (flags.sshId ?? config.sshIds ?? []).map(expandHome),
    ...knownHosts(flags, config, isFolders),
    sshConfig: flags.sshConfig === undefined ? undefined : expandHome(flags.sshConfig),
    transport: flags.transport ?? config.transport,
    ...etcdTarget(flags, config),
    isDefault: sshUrls.length === 0 && flags.seeds === undefined && config.seeds === undefined,
    hostname: flags.hostname ?? config.hostname ?? ourHostname(),
    hosts: config.hosts,
    timeoutMs: flags.timeout ?? DEFAULT_TIMEOUT_MS,
    connectTimeoutMs: flags.timeout,
    canAsk: canAsk() && flags.yes !== true,
    isUnattended: flags.yes === true,
    canAskPassword: mayAskPassword(flags),
  };
}

/** Where etcd is, which fleet it must be, and as which user. */
function etcdTarget(
  flags: ConnectionFlags,
  config: ConnectionConfig,
): Pick<FleetTarget, 'seeds' | 'tls' | 'user' | 'fleetId' | 'namespace'> {
  const seeds = flags.seeds ?? config.seeds ?? [DEFAULT_CLIENT_URL];
  return {
    seeds,
    tls: tlsOptions(flags, config, seeds),
    user: userConfig(flags, config),
    fleetId: flags.fleetId ?? config.fleetId,
    namespace: checkedNamespace(flags.namespace ?? config.namespace ?? DEFAULT_NAMESPACE),
  };
}

/** A directory's files are read beside the person's; only the person can say that they are read instead, and written to. */
function knownHosts(
  flags: ConnectionFlags,
  config: ConnectionConfig,
  isFolders: boolean,
): Pick<FleetTarget, 'sshKnownHosts' | 'folderKnownHosts'> {
  if (flags.sshKnownHosts !== undefined) return { sshKnownHosts: flags.sshKnownHosts.map(expandHome) };
  const files = (config.sshKnownHosts ?? []).map(expandHome);
  return isFolders ? { sshKnownHosts: [], folderKnownHosts: files } : { sshKnownHosts: files };
}

function ourHostname(): string {
  const name = machineName();
  if (name !== '') return name;
  throw new CliError('usage', 'This machine has no hostname: pass --hostname NAME.');
}

/** A typing error here would show an empty fleet instead of an error. */
function checkedNamespace(namespace: string): string {
  try {
    checkNamespace(namespace);
  } catch (error) {
    throw new CliError('usage', (error as Error).message, { cause: error });
  }
  if (namespace !== '') return namespace;
  throw new CliError('usage', '"" is not a valid namespace: it must start with a slash, e.g. /_mgmt.');
}

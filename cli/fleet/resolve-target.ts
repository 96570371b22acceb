import { hostname as machineName } from 'node:os';
import path from 'node:path';
import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import type { TlsOptions } from '../../world/client/tls/tls-options.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { DEFAULT_NAMESPACE } from '../../world/keys.js';
import { checkNamespace } from '../../world/validate-names.js';
import { CliError } from '../errors.js';
import { canAsk } from '../prompts/confirm.js';
import { expandHome, workingFolder } from '../system/user-folders.js';
import type { ConnectionFlags } from './connection-flags.js';
import { mayAskPassword, type UserConfig, userConfig } from './etcd-user.js';
import {
  type ConfigFile,
  type FoundConfig,
  findConfig,
  readNamedConfig,
  readPersonalConfig,
  realPath,
} from './find-config.js';
import { type FleetFile, findFleetFile, knownFleet, onlyFleet } from './find-fleet-file.js';
import { isLocalSocket } from './is-local-socket.js';
import type { ConnectionConfig } from './parse-hawser-yaml.js';
import type { ReadLimits } from './read-config-file.js';
import { tlsOptions } from './tls-options.js';

/** How to reach the fleet, and as which host: flags over `hawser.yaml` over defaults. */
export interface FleetTarget {
  /** SSH destinations that lead to the fleet; none means that the seeds are dialled directly. */
  readonly sshUrls: readonly string[];
  readonly sshHostkey?: string | undefined;
  readonly sshIds: readonly string[];
  /** Instead of the person's and the system's. */
  readonly sshKnownHosts: readonly string[];
  /** Beside them, for reading only: named by a file that came with a folder. */
  readonly folderKnownHosts?: readonly string[] | undefined;
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly sshConfig?: string | undefined;
  readonly transport?: TransportName | undefined;
  readonly seeds: readonly string[];
  /** Whether nobody said where the fleet is: no SSH destination and no seed. */
  readonly isDefault?: boolean | undefined;
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
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** How long connecting may take, whatever ssh_config says. */
  readonly connectTimeoutMs?: number | undefined;
  /** Whether SSH's questions can be asked on a terminal. */
  readonly canAsk?: boolean | undefined;
  /** Whether `--yes` was given: then nobody is asked whom to trust, by any means. */
  readonly isUnattended?: boolean | undefined;
  /** Whether the password of the etcd user may be asked for, which `--yes` does not answer. */
  readonly canAskPassword?: boolean | undefined;
}

/** What resolving depends on besides the flags. */
export interface ResolveOptions {
  /**
   * False: only a file that was given counts. An agent must not take its connection from the folder that it happens to
   * be started in.
   */
  readonly searchConfig?: boolean;
  /** The folder of the app that the command is about; searched before the working directory. */
  readonly appFolder?: string;
  /** Whether the command also uses the key `hosts`. */
  readonly usesHosts?: boolean;
  /** Aborts a question; without one nothing is asked. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Resolves the flags of one call.
 *
 * @throws CliError `usage` for a config file that is wrong, an unknown fleet, or an invalid namespace;
 * `not-trusted` for a file of a folder that is not trusted
 */
export async function resolveTarget(
  flags: ConnectionFlags,
  options: ResolveOptions = {},
): Promise<FleetTarget> {
  const { searchConfig = true } = options;
  const appFolder = options.appFolder === undefined ? undefined : await realPath(options.appFolder);
  const starts = appFolder === undefined ? [workingFolder()] : [appFolder, workingFolder()];
  const limits = { timeoutMs: flags.timeout, signal: options.signal };
  const { connection } =
    (await namedFleet(flags, searchConfig, limits)) ??
    (await searchedFleet(await findConfig({ file: flags.config, from: searchConfig ? starts : [] }, limits), {
      flags,
      appFolder,
      searchConfig,
    }));
  const config = connection === undefined ? {} : await trustedConfig(connection, flags, options);
  return mergeTarget(flags, config, connection?.origin === 'folder');
}

/**
 * Refuses a target that nobody named when no agent of this machine listens either.
 * @throws CliError `usage`
 */
export function requireFleet(target: FleetTarget): FleetTarget {
  if (target.isDefault !== true || isLocalSocket(DEFAULT_CLIENT_URL)) return target;
  throw new CliError(
    'usage',
    'No fleet is known here. Give --ssh-url user@host, or --seeds URL for an etcd that you can reach directly; or put "ssh-url: user@host" in hawser/hawser.yaml in your configuration directory (~/.config).',
  );
}

/** What counts of a file: all of it if the person trusts it, nothing if nothing of it would be used. */
async function trustedConfig(
  found: ConfigFile,
  flags: ConnectionFlags,
  { usesHosts = false, signal }: ResolveOptions,
): Promise<ConnectionConfig> {
  if (found.origin === 'person') return found.config;
  const [{ usedKeys }, { requireTrust }] = await Promise.all([
    import('../trust/keys-in-effect.js'),
    import('../trust/require-trust.js'),
  ]);
  const used = usedKeys(found.folderConfig.keys, flags, {
    usesHosts: usesHosts && flags.sshUrl === undefined,
  });
  if (used.length === 0) return {};
  await requireTrust(found.folderConfig, {
    used,
    mayAsk: !flags.json,
    ...(signal === undefined ? {} : { signal }),
  });
  return found.config;
}

/** The fleet that the person named for this call or for their shell. */
async function namedFleet(
  flags: ConnectionFlags,
  isSearching: boolean,
  limits: ReadLimits,
): Promise<FoundConfig | undefined> {
  if (flags.config !== undefined && flags.fleet === undefined) return undefined;
  if (flags.config !== undefined) throw new CliError('usage', 'Give either --fleet or --config, not both.');
  const wanted = flags.fleet ?? (isSearching ? process.env['HAWSER_FLEET'] : undefined);
  return wanted ? readFleetFile(await findFleetFile(wanted), limits) : undefined;
}

interface FleetSearch {
  readonly flags: ConnectionFlags;
  readonly appFolder: string | undefined;
  readonly searchConfig: boolean;
}

/** What the files say, or the fleet that the app names (the app goes there or nowhere); last, the only known fleet. */
async function searchedFleet(found: FoundConfig, search: FleetSearch): Promise<FoundConfig> {
  const { flags, appFolder, searchConfig } = search;
  if (flags.config !== undefined) return found;
  const { connection, fleet } = found;
  if (fleet !== undefined && appFolder === path.dirname(fleet.file)) {
    if (connection?.file === fleet.file) {
      throw new CliError(
        'usage',
        `${fleet.file} names the fleet ${fleet.name} and also has connection settings: leave out one of the two.`,
      );
    }
    const known = await knownFleet(fleet.name);
    if (known !== undefined) return readFleetFile(known);
    if (flags.sshUrl !== undefined || flags.seeds !== undefined) return {};
    throw new CliError(
      'usage',
      `No fleet named ${fleet.name} is known here, but ${fleet.file} asks for it. Give --ssh-url user@host to reach it.`,
    );
  }
  if (connection !== undefined || !searchConfig) return found;
  const only = await onlyFleet();
  return only === undefined ? found : readFleetFile(only);
}

function readFleetFile({ file, isNamed }: FleetFile, limits: ReadLimits = {}): Promise<FoundConfig> {
  return isNamed ? readNamedConfig(file, limits) : readPersonalConfig(file);
}

/** Flags over the file, over defaults. */
function mergeTarget(flags: ConnectionFlags, config: ConnectionConfig, isFolders: boolean): FleetTarget {
  const sshUrls = flags.sshUrl ?? config.sshUrls ?? [];
  return {
    sshUrls,
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

/** A folder's files are read beside the person's; only the person can say that they are read instead, and written to. */
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
  throw new CliError('usage', 'This machine has no hostname: give --hostname NAME.');
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

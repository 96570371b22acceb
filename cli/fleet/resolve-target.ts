import { hostname as machineName } from 'node:os';
import path from 'node:path';
import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import type { TlsOptions } from '../../world/client/tls/tls-options.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { FleetIdentity } from '../../world/fleet/fleet-identity.js';
import { DEFAULT_NAMESPACE } from '../../world/keys.js';
import { checkNamespace } from '../../world/names.js';
import { CliError } from '../errors.js';
import { canAsk } from '../prompts/confirm.js';
import { expandHome, workingFolder } from '../system/home.js';
import { mayAskPassword, type UserConfig, userConfig } from './etcd-user.js';
import {
  type ConfigFile,
  type FoundConfig,
  findConfig,
  readOwnFile,
  readSaidFile,
  real,
} from './find-config.js';
import type { ConnectionFlags } from './flags.js';
import { type FleetFile, findFleet, knownFleet, onlyFleet } from './fleet-files.js';
import type { ConnectionConfig } from './hawser-yaml.js';
import { isLocalSocket } from './local-socket.js';
import type { ReadingTime } from './read-config-file.js';
import { tlsOptions } from './tls-options.js';

/** Where the fleet is and who we are to it: flags, laid over `hawser.yaml`, laid over defaults. */
export interface FleetTarget {
  /** Ways in through SSH; none means that the seeds are dialled directly. */
  readonly sshUrls: readonly string[];
  readonly sshHostkey?: string;
  readonly sshIds: readonly string[];
  /** Instead of the person's and the system's. */
  readonly sshKnownHosts: readonly string[];
  /** Beside them, for reading only: named by a file that came with a folder. */
  readonly folderKnownHosts?: readonly string[];
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  readonly seeds: readonly string[];
  /** Whether nobody said where the fleet is: neither a way in nor a seed. */
  readonly isDefault?: boolean;
  /** For `https://` seeds. */
  readonly tls?: TlsOptions;
  /** For an etcd with authentication switched on. */
  readonly user?: UserConfig;
  readonly namespace: string;
  /** The fleet that the seeds must be of. */
  readonly fleetId?: FleetIdentity;
  readonly hostname: string;
  /** Hosts to recover, where a config names them. */
  readonly hosts?: readonly string[];
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** How long connecting may take, whatever ssh_config says of that. */
  readonly connectTimeoutMs?: number;
  /** Whether a person is at the terminal for the questions of SSH. */
  readonly canAsk?: boolean;
  /** Whether `--yes` was said: whom to trust is not asked then, by whatever means. */
  readonly isUnattended?: boolean;
  /** And for the password of the user of etcd, which `--yes` does not answer. */
  readonly canAskPassword?: boolean;
}

/** What a command says of itself for its connection. */
export interface ResolveOptions {
  /**
   * False: only a file that was given counts. An agent must not take the connection of whatever folder it happens to be
   * started in.
   */
  readonly searchConfig?: boolean;
  /** The folder of the app that the command is about; searched before the working directory. */
  readonly appFolder?: string;
  /** Whether the command also uses the key `hosts`. */
  readonly usesHosts?: boolean;
  /** Ends a question; without one nothing is asked. */
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 10_000;

/**
 * Resolves the flags of one call.
 *
 * @throws CliError `usage` for a config file that is wrong, a fleet that is not known, or a namespace that cannot be;
 * `not-trusted` for a file of a folder that is not trusted
 */
export async function resolveTarget(
  flags: ConnectionFlags,
  options: ResolveOptions = {},
): Promise<FleetTarget> {
  const { searchConfig = true } = options;
  const appFolder = options.appFolder === undefined ? undefined : await real(options.appFolder);
  const starts = appFolder === undefined ? [workingFolder()] : [appFolder, workingFolder()];
  const time = { timeoutMs: flags.timeout, signal: options.signal };
  const { connection } =
    (await chosenFleet(flags, searchConfig, time)) ??
    (await foundFleet(await findConfig({ given: flags.config, from: searchConfig ? starts : [] }, time), {
      flags,
      appFolder,
      searchConfig,
    }));
  const config = connection === undefined ? {} : await permitted(connection, flags, options);
  return layOver(flags, config, connection?.origin === 'folder');
}

/**
 * Refuses a connection that nobody named where no agent of this machine listens either.
 * @throws CliError `usage`
 */
export function requireFleet(connection: FleetTarget): FleetTarget {
  if (connection.isDefault !== true || isLocalSocket(DEFAULT_CLIENT_URL)) return connection;
  throw new CliError(
    'usage',
    'No fleet is known here. Say how to reach it: --ssh-url user@host, or --seeds URL for an etcd that you can reach directly; or put "ssh-url: user@host" in hawser/hawser.yaml in your configuration folder (~/.config).',
  );
}

/** What of a file counts: all of it if the person said so, nothing if nothing of it would be used. */
async function permitted(
  found: ConfigFile,
  flags: ConnectionFlags,
  { usesHosts = false, signal }: ResolveOptions,
): Promise<ConnectionConfig> {
  if (found.origin === 'said') return found.config;
  const [{ usedKeys }, { permit }] = await Promise.all([
    import('../trust/used-keys.js'),
    import('../trust/require-trust.js'),
  ]);
  const used = usedKeys(found.folderConfig.keys, flags, {
    usesHosts: usesHosts && flags.sshUrl === undefined,
  });
  if (used.length === 0) return {};
  await permit(found.folderConfig, {
    used,
    mayAsk: !flags.json,
    ...(signal === undefined ? {} : { signal }),
  });
  return found.config;
}

/** The fleet that the person named for this call or for their shell. */
async function chosenFleet(
  flags: ConnectionFlags,
  isSearching: boolean,
  time: ReadingTime,
): Promise<FoundConfig | undefined> {
  if (flags.config !== undefined && flags.fleet === undefined) return undefined;
  if (flags.config !== undefined) throw new CliError('usage', 'Give either --fleet or --config, not both.');
  const wanted = flags.fleet ?? (isSearching ? process.env['HAWSER_FLEET'] : undefined);
  return wanted ? readFleet(await findFleet(wanted), time) : undefined;
}

interface FleetSearch {
  readonly flags: ConnectionFlags;
  readonly appFolder: string | undefined;
  readonly searchConfig: boolean;
}

/** What the files say, or the fleet that the app names: it goes there or nowhere; at last the only fleet that there is. */
async function foundFleet(found: FoundConfig, search: FleetSearch): Promise<FoundConfig> {
  const { flags, appFolder, searchConfig } = search;
  if (flags.config !== undefined) return found;
  const { connection, fleet } = found;
  if (fleet !== undefined && appFolder === path.dirname(fleet.file)) {
    if (connection?.file === fleet.file) {
      throw new CliError(
        'usage',
        `${fleet.file} names the fleet ${fleet.name} and also how to reach one: leave out one of the two.`,
      );
    }
    const known = await knownFleet(fleet.name);
    if (known !== undefined) return readFleet(known);
    if (flags.sshUrl !== undefined || flags.seeds !== undefined) return {};
    throw new CliError(
      'usage',
      `No fleet named ${fleet.name} is known here, which ${fleet.file} asks for. Say how to reach it: --ssh-url user@host.`,
    );
  }
  if (connection !== undefined || !searchConfig) return found;
  const only = await onlyFleet();
  return only === undefined ? found : readFleet(only);
}

function readFleet({ file, isNamed }: FleetFile, time: ReadingTime = {}): Promise<FoundConfig> {
  return isNamed ? readSaidFile(file, time) : readOwnFile(file);
}

/** Flags over the file, over defaults. */
function layOver(flags: ConnectionFlags, config: ConnectionConfig, isFolders: boolean): FleetTarget {
  const sshUrls = flags.sshUrl ?? config.sshUrls ?? [];
  const sshHostkey = flags.sshHostkey ?? config.sshHostkey;
  const transport = flags.transport ?? config.transport;
  return {
    sshUrls,
    ...(sshHostkey === undefined ? {} : { sshHostkey }),
    sshIds: (flags.sshId ?? config.sshIds ?? []).map(expandHome),
    ...knownHosts(flags, config, isFolders),
    ...(flags.sshConfig === undefined ? {} : { sshConfig: expandHome(flags.sshConfig) }),
    ...(transport === undefined ? {} : { transport }),
    ...etcdPart(flags, config),
    isDefault: sshUrls.length === 0 && flags.seeds === undefined && config.seeds === undefined,
    hostname: flags.hostname ?? config.hostname ?? ourName(),
    ...(config.hosts === undefined ? {} : { hosts: config.hosts }),
    timeoutMs: flags.timeout ?? defaultTimeoutMs,
    ...(flags.timeout === undefined ? {} : { connectTimeoutMs: flags.timeout }),
    canAsk: canAsk() && flags.yes !== true,
    isUnattended: flags.yes === true,
    canAskPassword: mayAskPassword(flags),
  };
}

/** Where etcd is, who it must be and who we are to it. */
function etcdPart(
  flags: ConnectionFlags,
  config: ConnectionConfig,
): Pick<FleetTarget, 'seeds' | 'tls' | 'user' | 'fleetId' | 'namespace'> {
  const seeds = flags.seeds ?? config.seeds ?? [DEFAULT_CLIENT_URL];
  const tls = tlsOptions(flags, config, seeds);
  const user = userConfig(flags, config);
  const fleetId = flags.fleetId ?? config.fleetId;
  return {
    seeds,
    ...(tls === undefined ? {} : { tls }),
    ...(user === undefined ? {} : { user }),
    ...(fleetId === undefined ? {} : { fleetId }),
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

function ourName(): string {
  const name = machineName();
  if (name !== '') return name;
  throw new CliError('usage', 'This machine has no name: say by --hostname NAME who you are to the fleet.');
}

/** A slip here would show an empty fleet instead of an error. */
function checkedNamespace(namespace: string): string {
  try {
    checkNamespace(namespace);
    return namespace;
  } catch (error) {
    throw new CliError('usage', (error as Error).message, { cause: error });
  }
}

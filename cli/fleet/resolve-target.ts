import path from 'node:path';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import { CliError } from '../errors.js';
import { workingFolder } from '../system/user-folders.js';
import type { ConnectionFlags } from './connection-flags.js';
import type { ConnectionConfig } from './connection-schema.js';
import { findFleetFile, knownFleet, noneMeant, usualFleet, wantedFleet } from './file/find-fleet-file.js';
import { fleetNames } from './file/fleet-paths.js';
import { type FleetFile, readFleetFile } from './file/read-fleet.js';
import { type ConfigFile, type FoundConfig, findConfig, realPath } from './find-config.js';
import { isLocalSocket } from './is-local-socket.js';
import type { FleetTarget } from './merge-target.js';
import { mergeTarget } from './merge-target.js';
import type { ReadLimits } from './read-config-file.js';

/** What resolving depends on besides the flags. */
export interface ResolveOptions {
  /**
   * False: only a file that was given counts. An agent must not take its connection from the directory that it happens to
   * be started in.
   */
  readonly searchConfig?: boolean;
  /** The directory of the app that the command is about; searched before the working directory. */
  readonly appFolder?: string;
  /** Searched instead of the working directory. */
  readonly startFolder?: string;
  /** Whether the command also uses the key `hosts`. */
  readonly usesHosts?: boolean;
  /** Aborts a question; without one nothing is asked. */
  readonly signal?: AbortSignal;
}

/**
 * Resolves the flags of one call.
 *
 * @throws CliError `usage` for a config file that is wrong, an unknown fleet, or an invalid namespace;
 * `not-trusted` for a file of a directory that is not trusted
 */
export async function resolveTarget(
  flags: ConnectionFlags,
  options: ResolveOptions = {},
): Promise<FleetTarget> {
  const { searchConfig = true, startFolder = workingFolder() } = options;
  const appFolder = options.appFolder === undefined ? undefined : await realPath(options.appFolder);
  const starts = appFolder === undefined ? [startFolder] : [appFolder, startFolder];
  const limits = { timeoutMs: flags.timeout, signal: options.signal };
  const named = await namedFleet(flags, searchConfig, limits);
  const found =
    named ??
    (await searchedFleet(await findConfig({ file: flags.config, from: searchConfig ? starts : [] }, limits), {
      flags,
      appFolder,
      searchConfig,
    }));
  const { connection } = found;
  const config = connection === undefined ? {} : await trustedConfig(connection, flags, options);
  const target = {
    ...mergeTarget(flags, config, connection?.origin === 'folder'),
    file: connection?.file,
    foundBy: named === undefined ? flagsFor(found, flags) : ['--fleet', wantedFleet(flags) ?? ''],
    ...(connection?.config === config ? sourceOf(connection) : {}),
  };
  return target.isDefault === true && searchConfig ? { ...target, knownFleets: await fleetNames() } : target;
}

/**
 * Refuses a target that nobody named when no agent of this machine listens either.
 * @throws CliError `usage`
 */
export function requireFleet(target: FleetTarget): FleetTarget {
  if (target.isDefault !== true || isLocalSocket(DEFAULT_CLIENT_URL)) return target;
  if (isUndecided(target)) throw noneMeant(target.knownFleets ?? []);
  throw new CliError(
    'usage',
    'No fleet is known here. Make one with "hawser up user@host", add one that another machine made with "hawser fleet add FILE", or pass --ssh-url user@host, or --seeds URL for an etcd that you can reach directly.',
  );
}

/** Whether several fleets could be meant, and no agent of this machine listens. */
export function isUndecided({ isDefault, knownFleets = [] }: FleetTarget): boolean {
  return isDefault === true && knownFleets.length > 0 && !isLocalSocket(DEFAULT_CLIENT_URL);
}

/** What names the file that a directory led to. */
function flagsFor({ connection, fleet, usesFleet = false }: FoundConfig, flags: ConnectionFlags): string[] {
  if (flags.config !== undefined) return ['--config', flags.config];
  if (usesFleet && fleet !== undefined) return ['--fleet', fleet.name];
  return connection?.origin === 'folder' ? ['--config', connection.file] : [];
}

/** What counts of a file: all of it if the person trusts it, nothing if nothing of it would be used. */
async function trustedConfig(
  found: ConfigFile,
  flags: ConnectionFlags,
  { usesHosts = false, signal }: ResolveOptions,
): Promise<ConnectionConfig> {
  if (found.origin === 'person') return found.config;
  const [{ usedKeys }, { requireTrust }] = await Promise.all([
    import('../trust/settings-in-effect.js'),
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
  if (flags.config !== undefined) throw new CliError('usage', 'Pass either --fleet or --config, not both.');
  const wanted = isSearching ? wantedFleet(flags) : flags.fleet;
  return wanted === undefined ? undefined : connectionOf(await findFleetFile(wanted), limits);
}

interface FleetSearch {
  readonly flags: ConnectionFlags;
  readonly appFolder: string | undefined;
  readonly searchConfig: boolean;
}

/**
 * The fleet that the app names (the app goes there or nowhere), else what the file of a directory says, else the chosen
 * fleet, else the person's own file, else the only known fleet.
 */
async function searchedFleet(found: FoundConfig, search: FleetSearch): Promise<FoundConfig> {
  const { flags, appFolder, searchConfig } = search;
  if (flags.config !== undefined) return found;
  const { connection, fleet } = found;
  if (fleet !== undefined && appFolder === path.dirname(fleet.file)) {
    if (connection?.file === fleet.file) {
      throw new CliError(
        'usage',
        `${fleet.file} names the fleet ${fleet.name} and also has connection settings: remove one of the two.`,
      );
    }
    const known = await knownFleet(fleet.name);
    if (known !== undefined) return { ...(await connectionOf(known)), fleet, usesFleet: true };
    if (flags.sshUrl !== undefined || flags.seeds !== undefined) return {};
    throw new CliError(
      'usage',
      `No fleet named ${fleet.name} is known here, but ${fleet.file} asks for it. Pass --ssh-url user@host to reach it.`,
    );
  }
  if (!searchConfig || connection?.origin === 'folder') return found;
  // Whoever says where to go does not mean the usual fleet.
  const usual = flags.sshUrl === undefined && flags.seeds === undefined ? await usualFleet() : undefined;
  if (usual === undefined || (connection !== undefined && !usual.isChosen)) return found;
  return connectionOf(usual.file);
}

async function connectionOf(found: FleetFile, limits: ReadLimits = {}): Promise<FoundConfig> {
  const { fleet, connection: config } = await readFleetFile(found, limits);
  return { connection: { origin: 'person', file: found.file, config, fleetName: fleet.name } };
}

function sourceOf(found: ConfigFile): Pick<FleetTarget, 'source' | 'fleetName'> {
  const fleetName = found.origin === 'person' ? found.fleetName : undefined;
  const kind = fleetName === undefined ? found.origin : 'fleet';
  return { source: { file: path.resolve(found.file), kind }, fleetName };
}

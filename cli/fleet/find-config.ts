import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { isOursOrRoots } from '../system/is-our-file.js';
import { ownConfigFolder } from '../system/user-folders.js';
import type { ConnectionKey } from '../trust/connection-settings.js';
import type { FolderConfig } from '../trust/decide-trust.js';
import type { ConnectionConfig, TlsFiles } from './connection-schema.js';
import { type ConfigText, type ReadLimits, readConfigFile, readNamedFile } from './read-config-file.js';
import type { YamlText } from './yaml-document.js';

export const CONFIG_NAME = 'hawser.yaml';

/** Where to look for the connection when no flag gives it. */
export interface ConfigSearch {
  /** A file that the person named; then there is no search. */
  readonly file?: string | undefined;
  /** Directories to start from, each upward to the root; the person's own configuration comes last. */
  readonly from: readonly string[];
}

/** The file that says how to reach the fleet. Paths in it are absolute. */
export type ConfigFile =
  /** The person named it, or it is in their own configuration: it counts. */
  | {
      readonly origin: 'person';
      readonly file: string;
      readonly config: ConnectionConfig;
      /** Of a fleet file: the fleet. */
      readonly fleetName?: string;
    }
  /** It came with a directory: it counts once the directory is trusted. */
  | {
      readonly origin: 'folder';
      readonly file: string;
      readonly config: ConnectionConfig;
      readonly folderConfig: FolderConfig;
    };

/** What a search found. */
export interface FoundConfig {
  /** Whether there is any file. */
  readonly exists?: boolean;
  /** The first file with connection keys. */
  readonly connection?: ConfigFile;
  /** What the first file that names a fleet says. */
  readonly fleet?: { readonly name: string; readonly file: string };
  /** Whether the connection is that of this fleet. */
  readonly usesFleet?: boolean;
}

interface ParsedFile {
  readonly config: ConnectionConfig;
  readonly keys: readonly ConnectionKey[];
}

/**
 * Finds the config that counts: the given file, else the first `hawser.yaml` with connection keys from the directories
 * upward, else the person's own. A file that only describes an app does not end the search.
 *
 * @throws CliError `usage` naming the file and each key that is wrong, `not-yours` for a file of the person's own configuration
 * that another user could have written.
 */
export async function findConfig(
  { file, from }: ConfigSearch,
  limits: ReadLimits = {},
): Promise<FoundConfig> {
  if (file !== undefined) return readNamedConfig(file, limits);
  if (from.length === 0) return {};
  const ownFolder = ownConfigFolder();
  const ownFile = ownFolder === undefined ? undefined : path.join(await realPath(ownFolder), CONFIG_NAME);
  let found: FoundConfig = {};
  for (const file of candidateFiles(from)) {
    if (file === ownFile) continue;
    const next = await readFolderConfig(file);
    found = { ...next, ...found };
    if (found.connection !== undefined) return found;
  }
  return ownFile === undefined ? found : { ...(await readPersonalConfig(ownFile)), ...found };
}

/** Reads a file that the person named, whoever owns it. @throws CliError `usage` as {@link findConfig} */
async function readNamedConfig(file: string, limits: ReadLimits = {}): Promise<FoundConfig> {
  const { config } = await parseFile(file, await readNamedFile(file, limits));
  return { connection: { origin: 'person', file, config }, ...fleetOf(config, file) };
}

/** Reads a file of the person's own configuration. @throws CliError `usage` and `not-yours` as {@link findConfig} */
async function readPersonalConfig(file: string): Promise<FoundConfig> {
  const text = await readConfigFile(file);
  return text === undefined ? {} : parsePersonalConfig(text);
}

/** The nearest `hawser.yaml` from a directory upward. */
export async function findNearestFile(folder: string): Promise<string | undefined> {
  for (const file of candidateFiles([folder])) if ((await readConfigFile(file)) !== undefined) return file;
  return undefined;
}

/** Reads the `hawser.yaml` of a directory. @throws CliError `usage` as {@link findConfig} */
export async function readFolderConfig(file: string): Promise<FoundConfig> {
  const text = await readConfigFile(file);
  if (text === undefined) return {};
  const { config, keys } = await parseFile(file, text.content);
  const fleet: FoundConfig = { exists: true, ...fleetOf(config, file) };
  if (keys.length === 0) return fleet;
  const folder = await realPath(path.dirname(file));
  const { digestOfKeys } = await import('../trust/digest-settings.js');
  const folderConfig = { file, folder, owners: text.owners, keys, digest: await digestOfKeys(folder, keys) };
  return { connection: { origin: 'folder', file, config, folderConfig }, ...fleet };
}

async function parsePersonalConfig({ file, content, owners, isOpenToAll }: ConfigText): Promise<FoundConfig> {
  if (isOpenToAll || !owners.every(isOursOrRoots)) {
    const message = `${file} decides how to reach the fleet, but another user could have written it. Make it yours with chown and chmod 600.`;
    throw new CliError('not-yours', message);
  }
  const { config } = await parseFile(file, content);
  return { connection: { origin: 'person', file, config }, ...fleetOf(config, file) };
}

async function parseFile(file: string, content: Buffer): Promise<ParsedFile> {
  const [{ readYamlText }, { parseConfig }, { connectionKeysOf }] = await Promise.all([
    import('./yaml-document.js'),
    import('../manifest/parse-hawser-yaml.js'),
    import('../trust/connection-settings.js'),
  ]);
  const { value, placeOf } = readYamlText(file, content);
  const parsed = parseConfig(value ?? {}, placeOf);
  if ('problems' in parsed) throw new CliError('usage', `${file} is invalid: ${parsed.problems.join('; ')}.`);
  return { config: withAbsolutePaths(parsed.config, path.dirname(file)), keys: connectionKeysOf(value) };
}

/** The paths of a config are relative to its directory. */
export function withAbsolutePaths(config: ConnectionConfig, folder: string): ConnectionConfig {
  const locate = (file: string) => (file.startsWith('~/') ? file : path.resolve(folder, file));
  const { sshIds, sshKnownHosts, tls, passwordFile } = config;
  return {
    ...config,
    ...(sshIds === undefined ? {} : { sshIds: sshIds.map(locate) }),
    ...(sshKnownHosts === undefined ? {} : { sshKnownHosts: sshKnownHosts.map(locate) }),
    ...(tls === undefined ? {} : { tls: filesOf(tls, locate) }),
    ...(passwordFile === undefined ? {} : { passwordFile: locate(passwordFile) }),
  };
}

function filesOf(tls: TlsFiles, locate: (file: string) => string): TlsFiles {
  return Object.fromEntries(Object.entries(tls).map(([name, file]) => [name, locate(file)]));
}

function fleetOf({ fleet }: ConnectionConfig, file: string): Pick<FoundConfig, 'fleet'> {
  return fleet === undefined ? {} : { fleet: { name: fleet, file } };
}

/** Each directory's file on the way up to the root, once. */
function candidateFiles(from: readonly string[]): Set<string> {
  const files = new Set<string>();
  for (const start of from) {
    for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
      files.add(path.join(folder, CONFIG_NAME));
      if (path.dirname(folder) === folder) break;
    }
  }
  return files;
}

/** Without links, where it is there. */
export async function realPath(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return path.resolve(folder);
  }
}

/** Reads one YAML file of a directory as data; undefined when there is none. @throws CliError `usage` */
export async function readYaml(file: string): Promise<YamlText> {
  const text = await readConfigFile(file);
  if (text === undefined) throw new CliError('usage', `Cannot read ${file}: there is no such file.`);
  const { readYamlText } = await import('./yaml-document.js');
  return readYamlText(file, text.content);
}

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { ownConfigFolder } from '../system/home.js';
import type { ConnectionKey } from '../trust/connection-keys.js';
import { isOursOrRoots } from '../trust/file-owner.js';
import type { FolderConfig } from '../trust/verdict.js';
import type { ConnectionConfig, TlsFiles } from './hawser-yaml.js';
import {
  type ConfigText,
  parseYaml,
  type ReadingTime,
  readFoundFile,
  readNamedFile,
} from './read-config-file.js';

export const CONFIG_NAME = 'hawser.yaml';

/** Where the connection is looked for when no flag says it. */
export interface ConfigSearch {
  /** A file that the person named; then nothing is searched. */
  readonly given?: string | undefined;
  /** Folders to begin at; each is looked through up to the root, then the person's own configuration. */
  readonly from: readonly string[];
}

/** The file that says how the fleet is reached. Paths in it are absolute. */
export type ConfigFile =
  /** The person named it, or it is their own: it counts as said. */
  | { readonly origin: 'said'; readonly file: string; readonly config: ConnectionConfig }
  /** It came with a folder: it counts once the folder is trusted. */
  | {
      readonly origin: 'folder';
      readonly file: string;
      readonly config: ConnectionConfig;
      readonly folderConfig: FolderConfig;
    };

/** What a search came to. */
export interface FoundConfig {
  /** Whether there is any file. */
  readonly isThere?: boolean;
  /** The first file with connection keys. */
  readonly connection?: ConfigFile;
  /** What the first file that names a fleet says. */
  readonly fleet?: { readonly name: string; readonly file: string };
}

interface ParsedFile {
  readonly config: ConnectionConfig;
  readonly keys: readonly ConnectionKey[];
}

/**
 * Finds the config that is in force: the given file, else the first `hawser.yaml` with connection keys from the folders
 * upward, else the person's own. A file that only describes an app does not end the search.
 *
 * @throws CliError `usage` naming the file and each key that is wrong, `not-yours` for a file of the person's own configuration
 * that another user could have written.
 */
export async function findConfig(
  { given, from }: ConfigSearch,
  time: ReadingTime = {},
): Promise<FoundConfig> {
  if (given !== undefined) return readSaidFile(given, time);
  if (from.length === 0) return {};
  const ownFolder = ownConfigFolder();
  const ownFile = ownFolder === undefined ? undefined : path.join(await real(ownFolder), CONFIG_NAME);
  let found: FoundConfig = {};
  for (const file of candidates(from)) {
    if (file === ownFile) continue;
    const next = await readFolderConfig(file);
    found = { ...next, ...found };
    if (found.connection !== undefined) return found;
  }
  return ownFile === undefined ? found : { ...(await readOwnFile(ownFile)), ...found };
}

/** Reads a file that the person named, whoever owns it. @throws CliError `usage` as {@link findConfig} */
export async function readSaidFile(file: string, time: ReadingTime = {}): Promise<FoundConfig> {
  const { config } = await parseFile(file, await readNamedFile(file, time));
  return { connection: { origin: 'said', file, config }, ...fleetOf(config, file) };
}

/** Reads a file of the person's own configuration. @throws CliError `usage` and `not-yours` as {@link findConfig} */
export async function readOwnFile(file: string): Promise<FoundConfig> {
  const text = await readFoundFile(file);
  return text === undefined ? {} : ownConfig(text);
}

/** The nearest `hawser.yaml` from a folder upward. */
export async function findNearest(folder: string): Promise<string | undefined> {
  for (const file of candidates([folder])) if ((await readFoundFile(file)) !== undefined) return file;
  return undefined;
}

/** Reads the `hawser.yaml` of a folder. @throws CliError `usage` as {@link findConfig} */
export async function readFolderConfig(file: string): Promise<FoundConfig> {
  const text = await readFoundFile(file);
  if (text === undefined) return {};
  const { config, keys } = await parseFile(file, text.content);
  const fleet = { isThere: true, ...fleetOf(config, file) };
  if (keys.length === 0) return fleet;
  const folder = await real(path.dirname(file));
  const { digestOf } = await import('../trust/keys-digest.js');
  const folderConfig = { file, folder, owners: text.owners, keys, digest: await digestOf(folder, keys) };
  return { connection: { origin: 'folder', file, config, folderConfig }, ...fleet };
}

async function ownConfig({ file, content, owners, isOpenToAll }: ConfigText): Promise<FoundConfig> {
  if (isOpenToAll || !owners.every(isOursOrRoots)) {
    const message = `${file} decides how to reach the fleet, but another user could have written it. Make it yours with chown and chmod 600.`;
    throw new CliError('not-yours', message);
  }
  const { config } = await parseFile(file, content);
  return { connection: { origin: 'said', file, config }, ...fleetOf(config, file) };
}

async function parseFile(file: string, content: Buffer): Promise<ParsedFile> {
  const value = (await parseYaml(file, content)) ?? {};
  const [{ parseConfig }, { connectionKeysOf }] = await Promise.all([
    import('./hawser-yaml.js'),
    import('../trust/connection-keys.js'),
  ]);
  const parsed = parseConfig(value);
  if ('problems' in parsed) throw new CliError('usage', `${file} is invalid: ${parsed.problems.join('; ')}.`);
  return { config: located(parsed.config, path.dirname(file)), keys: connectionKeysOf(value) };
}

/** The paths of a config are relative to its folder. */
function located(config: ConnectionConfig, folder: string): ConnectionConfig {
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

/** Each folder's file on the way up to the root, once. */
function candidates(from: readonly string[]): Set<string> {
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
export async function real(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return path.resolve(folder);
  }
}

/** Reads one YAML file of a folder as data; undefined when there is none. @throws CliError `usage` */
export async function readYaml(file: string): Promise<unknown> {
  const text = await readFoundFile(file);
  if (text === undefined) throw new CliError('usage', `Cannot read ${file}: there is no such file.`);
  return parseYaml(file, text.content);
}

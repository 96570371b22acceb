import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ConnectionConfig, TlsFiles } from '../world/deploys/manifest.js';
import { UsageError } from './errors.js';

/**
 * Reads the config that is in force: the given file, else the first `hawser.yaml` from the working directory
 * upward, else the one in the XDG config folder; undefined when there is none, or none was given and no `search` is wanted. Paths in it are absolute then.
 *
 * @throws UsageError naming the file and each key that is wrong.
 */
export async function readConfig(
  given: string | undefined,
  { search }: { readonly search: boolean },
): Promise<ConnectionConfig | undefined> {
  const file = given ?? (search ? await findConfig() : undefined);
  if (file === undefined) return undefined;
  const { parseConfig } = await import('../world/deploys/manifest.js');
  const parsed = parseConfig((await readYaml(file)) ?? {});
  if ('problems' in parsed) throw new UsageError(`${file} is not right: ${parsed.problems.join('; ')}.`);
  const { config } = parsed;
  const fromFile = (relative: string) =>
    relative.startsWith('~/') ? relative : path.resolve(path.dirname(file), relative);
  return {
    ...config,
    ...(config.sshIds === undefined ? {} : { sshIds: config.sshIds.map(fromFile) }),
    ...(config.tls === undefined ? {} : { tls: filesOf(config.tls, fromFile) }),
    ...(config.sshKnownHosts === undefined ? {} : { sshKnownHosts: config.sshKnownHosts.map(fromFile) }),
  };
}

function filesOf(tls: TlsFiles, fromFile: (relative: string) => string): TlsFiles {
  return Object.fromEntries(Object.entries(tls).map(([name, file]) => [name, fromFile(file)]));
}

/** Reads one YAML file as data. @throws UsageError when it cannot be read or is not YAML. */
export async function readYaml(file: string): Promise<unknown> {
  const { parse, YAMLParseError } = await import('yaml');
  try {
    return parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof YAMLParseError) {
      const [first] = error.message.split('\n');
      throw new UsageError(`${file} is not YAML: ${first?.replace(/:$/, '')}.`, { cause: error });
    }
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}.`, { cause: error });
  }
}

async function findConfig(): Promise<string | undefined> {
  const xdg = process.env['XDG_CONFIG_HOME'];
  const candidates: string[] = [];
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    candidates.push(path.join(folder, 'hawser.yaml'));
    if (path.dirname(folder) === folder) break;
  }
  candidates.push(
    path.join(
      xdg === undefined || xdg === '' ? path.join(homedir(), '.config') : xdg,
      'hawser',
      'hawser.yaml',
    ),
  );
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  return undefined;
}

async function exists(file: string): Promise<boolean> {
  try {
    await readFile(file);
    return true;
  } catch (error) {
    // Only absence moves the search on: an unreadable file is to be reported, not passed over.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    return true;
  }
}

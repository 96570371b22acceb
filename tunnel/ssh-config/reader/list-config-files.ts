import { dirname } from 'node:path';
import { sshEnvironmentOf } from '../environment.js';
import { includedFiles, readOptional, SYSTEM_FILE } from './read-ssh-config.js';
import { splitArguments } from './split-config-lines.js';

const MAX_INCLUDE_DEPTH = 16;

/**
 * The files that ssh_config consists of now, whether they exist or not, and the directories of included ones, where more can
 * appear.
 *
 * @param options.configFile read instead of the person's and the system's; `none` for no file
 * @throws TunnelError `bad-destination` for files that OpenSSH would reject
 */
export async function listConfigFiles({
  configFile,
  environment = process.env,
}: {
  readonly configFile?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
} = {}): Promise<string[]> {
  if (configFile?.toLowerCase() === 'none') return [];
  const sshEnvironment = sshEnvironmentOf(environment, { configFile });
  const filesOf = async (file: string, depth: number): Promise<string[]> => {
    const lines = (await readOptional(file)) ?? [];
    const included = await Promise.all(
      lines.map(async (line) => {
        if (line.keyword !== 'include' || depth === MAX_INCLUDE_DEPTH) return [];
        const patterns = splitArguments(line.rest) ?? [];
        const files = await Promise.all(patterns.map((one) => includedFiles(one, line, sshEnvironment)));
        return (await Promise.all(files.flat().map((one) => filesOf(one, depth + 1)))).flat();
      }),
    );
    const more = included.flat();
    return [file, ...more, ...more.map((one) => dirname(one))];
  };
  const { home, passwdHome = home } = sshEnvironment;
  const roots =
    configFile === undefined
      ? [`${home}/.ssh/config`, `${passwdHome}/.ssh/config`, SYSTEM_FILE]
      : [configFile];
  const all = await Promise.all([...new Set(roots)].map((file) => filesOf(file, 0)));
  return [...new Set(all.flat())];
}

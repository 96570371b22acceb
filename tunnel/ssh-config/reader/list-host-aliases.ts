import { sshEnvironmentOf } from '../environment.js';
import { loadIncluded, readPersonsFile } from './read-ssh-config.js';
import { type ConfigLine, splitArguments } from './split-config-lines.js';

const MAX_INCLUDE_DEPTH = 16;

/**
 * The names that Host lines of a person's ssh_config have, in their order: what they can give `ssh` as a destination. Patterns
 * are left out, and so are names that stand only in Match lines.
 *
 * @param environment variables; default `process.env`
 * @throws TunnelError `bad-destination` for files that OpenSSH would reject
 */
export async function listHostAliases(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string[]> {
  const sshEnvironment = sshEnvironmentOf(environment, {});
  const aliasesIn = async (lines: readonly ConfigLine[], depth: number): Promise<string[]> => {
    const found = await Promise.all(
      lines.map(async (line) => {
        const values = splitArguments(line.rest) ?? [];
        if (line.keyword === 'host') return values.filter((value) => !/[*?!]/.test(value));
        if (line.keyword !== 'include' || depth === MAX_INCLUDE_DEPTH) return [];
        const files = await Promise.all(values.map((value) => loadIncluded(value, line, sshEnvironment)));
        return (await Promise.all(files.flat().map((included) => aliasesIn(included, depth + 1)))).flat();
      }),
    );
    return found.flat();
  };
  return [...new Set(await aliasesIn(await readPersonsFile(sshEnvironment), 0))];
}

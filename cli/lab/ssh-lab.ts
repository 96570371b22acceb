import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestFleet } from '../../testing/index.js';
import { CliError } from '../errors.js';
import { withTesting } from './load-testing.js';

/**
 * Runs OpenSSH's client with our terminal, input and outputs.
 * @param words a command for the host, as `ssh` takes it; none: a shell
 * @returns the exit code of the command, or 255 where `ssh` failed
 * @throws CliError `usage` if the lab has no such host; `failed` without `ssh`
 */
export async function sshIntoLab(fleet: TestFleet, name: string, words: readonly string[]): Promise<number> {
  const host = await withTesting(async () => fleet.host(name));
  const child = spawn('ssh', ['-F', fleet.sshConfigFile, host.name, ...words], { stdio: 'inherit' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 255;
  } catch (cause) {
    const message =
      'There is no ssh on this machine: install the OpenSSH client (Debian: apt-get install openssh-client).';
    throw new CliError('failed', message, { cause });
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { configFileError } from '../config-errors.js';
import type { SshEnvironment } from '../environment.js';

/**
 * Runs a command of the user's own ssh_config in their shell, as OpenSSH does.
 * @returns whether it exited with status 0
 * @throws TunnelError `bad-destination` when it was killed by a signal, or the shell cannot be run
 */
export async function runMatchExec(command: string, { variables, signal }: SshEnvironment): Promise<boolean> {
  signal?.throwIfAborted();
  const shell = variables['SHELL'] || '/bin/sh';
  const child = spawn(shell, ['-c', command], {
    stdio: 'ignore',
    env: variables,
    signal,
  });
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== null) return status === 0;
  } catch (error) {
    signal?.throwIfAborted();
    throw configFileError('ssh_config', `${shell} cannot be run for Match exec`, error);
  }
  throw configFileError('ssh_config', `the command of a Match exec was killed by a signal ("${command}")`);
}

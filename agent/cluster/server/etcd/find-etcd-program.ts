import { statSync } from 'node:fs';
import { AgentError } from '../../../errors.js';
import { findProgram } from '../../../processes/child-process.js';
import { askEtcdVersion } from './ask-etcd-version.js';

/**
 * The etcd program of this machine: `HAWSER_ETCD`, or else the first `etcd` on the `PATH`.
 *
 * @throws AgentError `no-etcd` saying what to install or what is wrong; `etcd-too-old`
 */
export async function findEtcdProgram(environment: NodeJS.ProcessEnv): Promise<string> {
  const chosen = environment['HAWSER_ETCD'] || undefined;
  const program = findProgram(chosen ?? 'etcd', environment['PATH']);
  if (program !== undefined) {
    await askEtcdVersion(program, environment);
    return program;
  }
  throw new AgentError(
    'no-etcd',
    chosen === undefined
      ? 'etcd is not on the PATH: install it (Debian and Ubuntu: apt-get install etcd-server), set HAWSER_ETCD, or pass --no-server.'
      : `HAWSER_ETCD names ${chosen}, ${whatIsWrong(chosen)}: set it to an etcd program.`,
  );
}

function whatIsWrong(name: string): string {
  if (!name.includes('/')) return 'which is not on the PATH';
  const found = statSync(name, { throwIfNoEntry: false });
  if (found === undefined) return 'which does not exist';
  return found.isDirectory() ? 'which is a directory' : 'which is not executable';
}

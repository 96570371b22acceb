import { findProgram } from '../child-process.js';
import { AgentError } from '../errors.js';

/**
 * The etcd program of this machine: `HAWSER_ETCD`, else the first `etcd` on the `PATH`.
 *
 * @throws AgentError `no-etcd` saying what to install.
 */
export function etcdProgram(environment: NodeJS.ProcessEnv): string {
  const chosen = environment['HAWSER_ETCD'];
  const program = findProgram(chosen ?? 'etcd', environment['PATH']);
  if (program !== undefined) return program;
  throw new AgentError(
    'no-etcd',
    chosen === undefined
      ? 'There is no etcd on the PATH: install it (Debian and Ubuntu: apt-get install etcd-server), set HAWSER_ETCD, or give --no-server.'
      : `HAWSER_ETCD names ${chosen}, which is no program that can be executed.`,
  );
}

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { resolveEtcd } from '../../fixtures/fleet/etcd-binary.js';
import type { Etcd } from './etcd.js';

/** Runs the etcdctl that lies beside the etcd in use. */
export async function etcdctl(etcd: Etcd, ...args: readonly string[]): Promise<string> {
  const binary = await resolveEtcd();
  const program = path.join(path.dirname(binary.etcd), 'etcdctl');
  const environment = { ...process.env, ETCDCTL_API: '3' };
  const { stdout } = await promisify(execFile)(program, ['--endpoints', etcd.url, ...args], {
    env: environment,
  });
  return stdout;
}

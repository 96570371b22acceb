import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { resolveEtcd } from '../../fixtures/fleet/etcd-binary.js';
import type { Etcd } from './etcd.js';

/** Runs the etcdctl that lies beside the etcd in use. */
export async function etcdctl(etcd: Etcd, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await program(), argumentsFor(etcd, args), {
    env: environment,
  });
  return stdout;
}

/** Starts it and leaves it running. */
export async function startEtcdctl(
  etcd: Etcd,
  ...args: readonly string[]
): Promise<ChildProcessByStdio<null, Readable, null>> {
  return spawn(await program(), argumentsFor(etcd, args), {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

const environment = { ...process.env, ETCDCTL_API: '3' };

async function program(): Promise<string> {
  return path.join(path.dirname((await resolveEtcd()).etcd), 'etcdctl');
}

function argumentsFor(etcd: Etcd, args: readonly string[]): string[] {
  return ['--endpoints', etcd.url, ...args];
}

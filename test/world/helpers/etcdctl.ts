import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import type { Etcd } from './etcd.js';

/** Runs the etcdctl that lies beside the etcd in use. */
export async function etcdctl(etcd: Etcd, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await program(), argumentsFor(etcd, args), {
    env: environment,
  });
  return stdout;
}

/** Looks at a snapshot, or restores it: with the etcdutl beside this etcd, or its etcdctl where that still does it. */
export async function snapshotTool(etcdProgram: string, ...args: readonly string[]): Promise<string> {
  const folder = path.dirname(etcdProgram);
  const [tool] = ['etcdutl', 'etcdctl'].map((name) => path.join(folder, name)).filter(existsSync);
  if (tool === undefined) throw new Error(`neither etcdutl nor etcdctl is beside ${etcdProgram}`);
  const { stdout } = await promisify(execFile)(tool, ['snapshot', ...args], { env: environment });
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

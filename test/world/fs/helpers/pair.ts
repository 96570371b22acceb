import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { EtcdWorld, type WorldFs } from '../../../../world/index.js';
import type { Etcd } from '../../helpers/etcd.js';

export const URI = 'etcdfs:///fs/shared';

let made = 0;

/** Two Worlds of one fleet, with the same file system. */
export interface Pair {
  readonly worlds: readonly [EtcdWorld, EtcdWorld];
  readonly fs: readonly [WorldFs, WorldFs];
  /** A third World, whose warnings go to `warnings`. */
  third(warnings: string[], quotaBytes?: number): EtcdWorld;
}

export function pair(t: ExecutionContext, etcd: Etcd): Pair {
  made += 1;
  const options = { seeds: [etcd.url], hostname: 'h1', namespace: `/shared${made}` };
  const open = (more: Partial<Parameters<typeof EtcdWorld.create>[0]> = {}): EtcdWorld => {
    const world = EtcdWorld.create({ ...options, ...more });
    t.teardown(() => world.close());
    return world;
  };
  const [one, other] = [open(), open()];
  const third = (warnings: string[], quotaBytes?: number) => {
    const log = (level: string, message: string) => void (level === 'warn' && warnings.push(message));
    return open({ log, quotaBytes });
  };
  return { worlds: [one, other], fs: [one.fs(URI), other.fs(URI)], third };
}

export async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-fs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** How many blocks are stored. */
export async function countBlocks(world: EtcdWorld): Promise<number> {
  return (await world.client.list('/storage/', { keysOnly: true })).entries.length;
}

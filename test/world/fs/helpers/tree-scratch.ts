import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { EtcdWorld } from '../../../../world/index.js';
import type { Etcd } from '../../helpers/etcd.js';

let folders = 0;

/** A World of its own and an empty directory, for one test. */
export async function scratch(
  t: ExecutionContext,
  etcd: Etcd,
): Promise<{ readonly world: EtcdWorld; readonly folder: string }> {
  folders += 1;
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-tree-'));
  const world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1', namespace: `/tree${folders}` });
  t.teardown(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { world, folder };
}

import pLimit from 'p-limit';
import type { ResExport } from '../../../../world/index.js';
import type { Task, TaskContext } from '../task.js';

const DATA = 'x'.repeat(200);

function resources(count: number): ResExport[] {
  return Array.from({ length: count }, (_, number) => ({
    kind: 'file',
    name: `/etc/app/${number}.conf`,
    data: DATA,
  }));
}

/** What a client writes that knows the keys and nothing better: one put for each. */
async function putEach({ world, count }: TaskContext, inFlight: number): Promise<void> {
  const limit = pLimit(inFlight);
  await Promise.all(
    resources(count).map(({ kind, name, data }) =>
      limit(() => world.client.set(`/exported/*/me/${kind}/${name}`, data, { timeoutMs: 120_000 })),
    ),
  );
}

export const resourceTasks: Readonly<Record<string, Task>> = {
  async *exportOneByOne(context) {
    yield 'ready';
    await putEach(context, 1);
    yield 'done';
  },
  async *exportEach64(context) {
    yield 'ready';
    await putEach(context, 64);
    yield 'done';
  },
  async *resExport({ world, count }) {
    yield 'ready';
    yield await world.resExport(resources(count), { timeoutMs: 120_000 });
  },
  /** One get for each of the keys, known beforehand. */
  async *collectOneByOne({ world, count }) {
    const { entries } = await world.client.list('/exported/me/', { keysOnly: true });
    const keys = entries.map(({ key }) => key).slice(0, count);
    yield 'ready';
    for (const key of keys) await world.client.get(key);
    yield keys.length;
  },
  /** All that anybody exported, filtered here. */
  async *collectWholePrefix({ world }) {
    yield 'ready';
    const { entries } = await world.client.list('/exported/', { timeoutMs: 120_000 });
    yield entries.filter(({ key }) => /^\/exported\/(me|\*)\//.test(key)).length;
  },
  async *resCollect({ world }) {
    yield 'ready';
    yield (await world.resCollect([{}])).length;
  },
};

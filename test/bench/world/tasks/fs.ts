import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import type { Task, TaskContext } from '../task.js';

/** The directory to upload; the order of a task has no field for it. */
export const FOLDER_VARIABLE = 'HAWSER_BENCH_FOLDER';
const URI = 'etcdfs:///fs/bench';
const CHUNK_BYTES = 1 << 20;

function folder(): string {
  return process.env[FOLDER_VARIABLE] ?? '';
}

/** What a client does that knows etcd and nothing better: a put for each file, or for each MiB of it. */
async function putEach({ world }: TaskContext, inFlight: number): Promise<number> {
  const limit = pLimit(inFlight);
  const names = await readdir(folder());
  const puts = names.map((name) =>
    limit(async () => {
      const data = await readFile(path.join(folder(), name));
      for (let from = 0; from < data.length; from += CHUNK_BYTES) {
        const part = data.subarray(from, from + CHUNK_BYTES);
        const key = `/plain/${name}/${from}-${createHash('sha256').update(part).digest('hex')}`;
        await world.client.set(key, part, { timeoutMs: 120_000 });
      }
    }),
  );
  await Promise.all(puts);
  return names.length;
}

export const fsTasks: Readonly<Record<string, Task>> = {
  async *uploadOneByOne(context) {
    yield 'ready';
    yield await putEach(context, 1);
  },
  async *uploadEach64(context) {
    yield 'ready';
    yield await putEach(context, 64);
  },
  async *copyIn({ world }) {
    yield 'ready';
    yield (await world.fs(URI).copyIn(folder(), '/files', { timeoutMs: 120_000 })).uploadedBytes;
  },
  async *putTree({ world }) {
    yield 'ready';
    yield (await world.putTree(folder())).uploadedBytes;
  },
};

import { Etcd3 } from 'etcd3';
import type { Task, TaskContext } from '../task.js';

/** The key that one watcher watches, without the namespace. */
export function watchedKey(number: number): string {
  return `/strings/watched/${number}`;
}

/** One change that was noticed: which watcher, and when by the clock that all processes share, in ns. */
export type Arrival = readonly [number: number, at: string];

/** Collects what the watchers notice until there is enough of it. */
class Arrivals {
  #arrived: Arrival[] = [];
  #wanted = Number.POSITIVE_INFINITY;
  #enough: (arrivals: readonly Arrival[]) => void = () => undefined;

  add(number: number): void {
    this.#arrived.push([number, process.hrtime.bigint().toString()]);
    if (this.#arrived.length >= this.#wanted) this.#enough(this.#arrived.splice(0));
  }

  take(wanted: number): Promise<readonly Arrival[]> {
    this.#wanted = wanted;
    return new Promise((resolve) => {
      this.#enough = resolve;
    });
  }
}

/** Three steps: set up the watchers; notice `sample` changes; notice one change of each. */
async function* steps(
  context: TaskContext,
  setUp: (context: TaskContext, arrivals: Arrivals) => Promise<unknown>,
): AsyncGenerator<unknown, void, void> {
  const arrivals = new Arrivals();
  yield 'ready';
  await setUp(context, arrivals);
  yield 'standing';
  yield await arrivals.take(Math.min(context.count, SAMPLE));
  await arrivals.take(context.count);
  yield 'back';
}

/** How many changes the latency is taken from. */
export const SAMPLE = 200;

async function ours({ world, count }: TaskContext, arrivals: Arrivals): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  await Promise.all(
    numbers.map(async (number) => {
      const pulses = world.strWatch(watchedKey(number).slice('/strings/'.length))[Symbol.asyncIterator]();
      await pulses.next();
      void (async () => {
        while ((await pulses.next()).done !== true) arrivals.add(number);
      })();
    }),
  );
}

async function etcd3({ url, namespace, count }: TaskContext, arrivals: Arrivals): Promise<void> {
  const client = new Etcd3({ hosts: url.replace(/^unix:\/\//, 'unix:') });
  const numbers = Array.from({ length: count }, (_, number) => number);
  await Promise.all(
    numbers.map(async (number) => {
      const watcher = await client
        .watch()
        .key(namespace + watchedKey(number))
        .create();
      watcher.on('data', () => arrivals.add(number));
    }),
  );
}

export const watcherTasks: Readonly<Record<string, Task>> = {
  strWatch: (context) => steps(context, ours),
  etcd3Watch: (context) => steps(context, etcd3),
};

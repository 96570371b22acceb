import type { Task } from '../task.js';

export const deployTasks: Readonly<Record<string, Task>> = {
  /** As the seed does it: read the log, take the largest. */
  async *largestOfDeploys({ world, count }) {
    yield 'ready';
    let largest = 0;
    for (let call = 0; call < count; call += 1) {
      largest = Math.max(...(await world.getDeploys({ timeoutMs: 120_000 })).keys());
    }
    yield largest;
  },
  /** One request for each deploy, by its hash. */
  async *deployByDeploy({ world, count }) {
    yield 'ready';
    let largest = 0;
    while (largest < count && (await world.client.get(`/deploy/${largest + 1}/hash`)) !== undefined)
      largest += 1;
    yield largest;
  },
  async *getMaxDeployId({ world, count }) {
    yield 'ready';
    let largest = 0;
    for (let call = 0; call < count; call += 1) largest = await world.getMaxDeployId();
    yield largest;
  },
};

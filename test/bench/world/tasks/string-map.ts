import type { World } from '../../../../world/index.js';
import type { Task, TaskContext } from '../task.js';

/** Of the map that all hosts update; they end with this value. */
export const MAP = 'load';
export const LAST = 'updated';

/** Two steps: begin to follow; follow until each host has its last value. */
async function* follow(
  { world, count }: TaskContext,
  states: (world: World) => AsyncGenerator<ReadonlyMap<string, string>>,
): AsyncGenerator<unknown, void, void> {
  yield 'ready';
  const following = states(world);
  await following.next();
  yield 'standing';
  for await (const values of following) {
    if ([...values.values()].filter((value) => value === LAST).length >= count) break;
  }
  yield 'followed';
}

async function* readAtEachPulse(world: World): AsyncGenerator<ReadonlyMap<string, string>> {
  for await (const _ of world.strMapWatch(MAP)) yield await world.strMapGet(MAP);
}

async function* followed(world: World): AsyncGenerator<ReadonlyMap<string, string>> {
  yield* world.strMapFollow(MAP);
}

export const stringMapTasks: Readonly<Record<string, Task>> = {
  readMapAtEachPulse: (context) => follow(context, readAtEachPulse),
  strMapFollow: (context) => follow(context, followed),
};

import type { Task } from '../task.js';
import { deployTasks } from './deploys.js';
import { fsTasks } from './fs.js';
import { resourceTasks } from './resources.js';
import { stringMapTasks } from './string-map.js';
import { watcherTasks } from './watchers.js';

/** What can be measured, by name. */
export const tasks: Readonly<Record<string, Task>> = {
  ...resourceTasks,
  ...deployTasks,
  ...watcherTasks,
  ...stringMapTasks,
  ...fsTasks,
};

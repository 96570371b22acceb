import type { EtcdWorld } from '../../../world/index.js';

/** What a task is told. */
export interface TaskOrder {
  readonly task: string;
  /** What it dials. */
  readonly url: string;
  readonly namespace: string;
  /** How many items it is about. */
  readonly count: number;
}

export interface TaskContext extends TaskOrder {
  readonly world: EtcdWorld;
}

/**
 * Something to be measured, in a process of its own: what happens between two yields is one step. The first step
 * prepares; nothing is measured in it. What is yielded goes to the other side as JSON.
 */
export type Task = (context: TaskContext) => AsyncGenerator<unknown, void, void>;

/** What the process says after each step. */
export interface StepReport {
  readonly elapsedMs: number;
  /** The most memory that was resident so far. */
  readonly peakBytes: number;
  readonly value: unknown;
}

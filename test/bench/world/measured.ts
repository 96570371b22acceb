import type { Row } from '../report.js';
import { median } from '../statistics.js';
import type { Traffic } from './meter.js';
import type { Site } from './site.js';
import { TaskProcess } from './task-process.js';

export interface Measured extends Traffic {
  readonly perSecond: number;
  readonly elapsedMs: number;
  /** What the step needed beyond what was resident before it. */
  readonly memoryBytes: number;
}

export const COLUMNS = ['per s', 'ms', 'round trips', 'requests', 'kB sent', 'kB received', 'memory MB'];

/** Runs the one step of a task so often, each time in a process of its own. */
export async function measureTask(
  site: Site,
  { rounds, ...order }: { task: string; namespace: string; count: number; rounds: number },
  before: (namespace: string) => Promise<unknown> = async () => undefined,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await before(order.namespace);
    await using task = await TaskProcess.start({ ...order, url: site.meter.url });
    site.meter.take();
    const { elapsedMs, peakBytes } = await task.step();
    measured.push({
      ...site.meter.take(),
      elapsedMs,
      perSecond: (order.count * 1000) / elapsedMs,
      memoryBytes: peakBytes - task.preparedBytes,
    });
  }
  return measured;
}

export function medianOf(measured: readonly Measured[], field: keyof Measured): number {
  return median(measured.map((one) => one[field]));
}

export function rowOf(name: string, measured: readonly Measured[]): Row {
  const of = (field: keyof Measured) => medianOf(measured, field);
  return {
    name,
    values: [
      of('perSecond'),
      of('elapsedMs'),
      of('roundTrips'),
      of('requests'),
      of('sentBytes') / 1000,
      of('receivedBytes') / 1000,
      of('memoryBytes') / 1e6,
    ],
  };
}

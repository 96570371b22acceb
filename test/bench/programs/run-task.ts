/** Runs one task step by step: reports after each step, and goes on when it is told to. */
import { createInterface } from 'node:readline';
import { EtcdWorld } from '../../../world/index.js';
import type { StepReport, TaskOrder } from '../world/task.js';
import { tasks } from '../world/tasks/index.js';

const order: TaskOrder = JSON.parse(process.argv[2] ?? '{}');
const task = tasks[order.task];
if (task === undefined) throw new Error(`there is no task ${order.task}`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const world = EtcdWorld.create({
  seeds: [order.url],
  hostname: 'me',
  namespace: order.namespace,
});
// The connection is made before anything is measured.
await world.client.get('/warm', { timeoutMs: 60_000 });
const steps = task({ ...order, world });
for (;;) {
  const from = performance.now();
  const { done, value } = await steps.next();
  if (done === true) break;
  const report: StepReport = {
    elapsedMs: performance.now() - from,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    value,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if ((await lines.next()).done === true) break;
}
await world.close();
// A client of etcd3 that has watchers cannot be closed.
process.exit();

/** Runs agents without servers in one process, until its input ends: `run-agents.js ORDER`. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Converger, HostAgent } from '../../../agent/index.js';
import { inParallel } from '../../../base/in-parallel.js';
import type { AgentsOrder } from '../scale/agents-order.js';

/** So many start at once: in one process, more would only wait for each other, until etcd's answers are too late. */
const AT_ONCE = 64;

const { port, folder, first, count }: AgentsOrder = JSON.parse(process.argv[2] ?? '{}');
const ending = new AbortController();
const problems = new Map<string, number>();
const note = (problem: string): void => void problems.set(problem, (problems.get(problem) ?? 0) + 1);
const running: Promise<void>[] = [];
const numbers = Array.from({ length: count }, (_, index) => first + index);
await inParallel(numbers, AT_ONCE, async (number) => {
  const hostname = `h${number}`;
  const prefix = path.join(folder, hostname);
  await mkdir(prefix);
  const log = (level: string, message: string): void => {
    if (level === 'warn' || level === 'error') note(message.replaceAll(/\d+/g, '#'));
  };
  // As on hosts of their own: each has its connection, which gRPC would share in one process.
  const url = `http://127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}:${port}`;
  const converger = new Converger();
  const agent = new HostAgent({ hostname, prefix, seeds: [url], noServer: true, log, converger });
  running.push(agent.run(ending.signal).catch((error: unknown) => note(`an agent ended: ${String(error)}`)));
  // Then it is registered, and has caught up with the log.
  for await (const isConverged of converger.changes({ signal: ending.signal })) if (isConverged) break;
});
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
process.stdout.write(`${JSON.stringify([...problems].sort(([, a], [, b]) => b - a).slice(0, 8))}\n`);
// Leaving in order takes longer than all that was measured.
process.exit();

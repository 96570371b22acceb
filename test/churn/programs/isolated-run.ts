/** One run, in the surroundings that main.ts made for it: options as JSON in, lines for people and one of JSON out. */
import { z } from 'zod';
import { Churn } from '../churn.js';
import { bridgedNetwork, loopbackNetwork } from '../fleet/network.js';

const optionsSchema = z.object({
  seed: z.number(),
  durationMs: z.number(),
  etcd: z.string(),
  folder: z.string(),
  restart: z.boolean(),
  isIsolated: z.boolean(),
});

const { isIsolated, ...options } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''));
const beginMs = performance.now();
const say = (line: string) => {
  const at = ((performance.now() - beginMs) / 1_000).toFixed(1).padStart(6);
  process.stdout.write(`${new Date().toISOString()} ${at} s: ${line}\n`);
};
await using network = isIsolated ? await bridgedNetwork(7) : loopbackNetwork();
const report = await new Churn({ ...options, say }, network).run();
process.stdout.write(`${JSON.stringify(report)}\n`);

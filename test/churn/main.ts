/** `npm run churn -- [--minutes 5 | --seconds 30] [--seed N] [--etcd 3.4|3.5] [--verbose] [--keep]`; ends with 1 if anything is wrong. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { describeResult, runChurn } from './run-churn.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    etcd: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const seconds = values.seconds === undefined ? Number(values.minutes) * 60 : Number(values.seconds);
const { etcd } = values;
if (!Number.isInteger(seed) || !(seconds > 0) || (etcd !== undefined && etcd !== '3.4' && etcd !== '3.5')) {
  process.stderr.write(
    'Give a duration: npm run churn -- [--minutes 5 | --seconds 30] [--seed N] [--etcd 3.4|3.5] [--verbose] [--keep]\n',
  );
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const say = values.verbose ? (line: string) => void process.stdout.write(`${line}\n`) : () => undefined;
const result = await runChurn({
  seed,
  durationMs: seconds * 1_000,
  restart: true,
  keep: values.keep,
  etcd,
  say,
});
process.stdout.write(describeResult(result));
process.exitCode = result.complaints.length === 0 ? 0 : 1;

/** Feeds parsers what anybody could send them: `npm run fuzz -- --minutes N [--only PARSER,…] [--seed N]`. */
import { parseArgs } from 'node:util';
import { runFuzz } from './run-fuzz.js';
import { topics } from './topics.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, only: { type: 'string' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const only = values.only?.split(',');
const chosen = topics.filter(({ name }) => only === undefined || only.includes(name));
const unknown = only?.filter((name) => !topics.some((topic) => topic.name === name)) ?? [];
if (!(minutes >= 0) || !Number.isInteger(seed) || unknown.length > 0) {
  const names = topics.map(({ name }) => name).join('|');
  process.stderr.write(`npm run fuzz -- --minutes N [--only ${names},…] [--seed N]\n`);
  process.exit(2);
}

const end = Date.now() + minutes * 60_000;
const { counts, failure } = await runFuzz({
  topics: chosen,
  seed,
  goesOn: () => Date.now() < end,
  // Whoever waits for one that hangs sees which.
  say: (text) => process.stderr.write(`${text}\n`),
});
for (const [name, { cases, checks }] of counts) {
  process.stdout.write(`${name}: ${cases} inputs, ${checks} checks\n`);
}
if (failure === undefined) {
  process.stdout.write(`seed ${seed}: nothing found\n`);
} else {
  const again = `npm run fuzz -- --minutes 0 --only ${failure.topic} --seed ${failure.seed}`;
  process.stdout.write(
    `${failure.topic} fails with seed ${failure.seed} (again: ${again})\nsmallest input: ${failure.input}\n${failure.problem}\n`,
  );
  process.exitCode = 1;
}
